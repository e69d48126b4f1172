"""The HTTP interface, one blueprint a concern."""
