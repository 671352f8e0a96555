{ SPDX-License-Identifier: MIT
  Overloaded methods, a nested procedure. }
{$mode objfpc}{$H+}
program shelf;

type
  TItem = class
    procedure Put(n: longint); overload;
    procedure Put(s: string); overload;
  end;

var
  nowhere: ^longint = nil;

procedure TItem.Put(n: longint);
begin
  nowhere^ := n;
end;

procedure TItem.Put(s: string);
begin
  Put(length(s));
end;

procedure Outer;

  procedure Nested;
  begin
    TItem.Create.Put('abc');
  end;

begin
  Nested;
end;

begin
  Outer;
end.
