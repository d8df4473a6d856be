"""The desk's pages. They read from every room and write only through other rooms' actions."""
