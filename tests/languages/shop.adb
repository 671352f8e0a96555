--  SPDX-License-Identifier: MIT
package body Shop is
   procedure Send_To_Self (Signal : Integer);
   pragma Import (C, Send_To_Self, "raise");

   procedure Put (Self : in out Item; N : Integer) is
   begin
      Send_To_Self (31 + Self.Place); -- CRASH
      Total := Total + N;
   end Put;

   procedure Put (Self : in out Item) is
      procedure Nested (K : Integer) is
      begin
         Put (Self, K);
         Total := Total + 1;
      end Nested;
   begin
      Nested (7);
      Total := Total + 1;
   end Put;

   function "+" (Left : Item; Right : Integer) return Item is
      Copy : Item := Left;
   begin
      Put (Copy);
      Total := Total + Right;
      return Copy;
   end "+";
end Shop;
