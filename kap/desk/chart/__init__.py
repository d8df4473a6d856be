"""The client's chart: everything about one client on one page, read from every room."""
