--  SPDX-License-Identifier: MIT
--  Overloads, an operator, a generic's instance, a nested procedure, a child package, a task. The signal
--  is one that the run-time does not turn into an exception.
with Shop;
with Shop.Lists;
procedure Start is
   package Numbers is new Shop.Lists (Integer);

   task type Worker is
      entry Go;
   end Worker;

   task body Worker is
      I : Shop.Item;
   begin
      accept Go;
      Numbers.Add (I, 3);
      Shop.Total := Shop.Total + 1;
   end Worker;

   W : Worker;
begin
   W.Go;
end Start;
