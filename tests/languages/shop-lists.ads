--  SPDX-License-Identifier: MIT
generic
   type Element is private;
package Shop.Lists is
   procedure Add (To : in out Item; E : Element);
end Shop.Lists;
