--  SPDX-License-Identifier: MIT
package Shop is
   type Item is tagged record
      Place : Integer := 0;
   end record;
   procedure Put (Self : in out Item; N : Integer);
   procedure Put (Self : in out Item);
   function "+" (Left : Item; Right : Integer) return Item;
   Total : Integer := 0;
end Shop;
