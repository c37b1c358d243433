"""The self-hosted mailbox of signed records."""
