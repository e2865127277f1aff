-- Goes back to sorting all who reacted.

drop index reactions_order_idx;
