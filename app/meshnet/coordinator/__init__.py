"""The self-hosted mailbox of signed records: keeps them, fans them out, and can forge none of them."""
