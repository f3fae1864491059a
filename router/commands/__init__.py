"""The `tierwise` command: parsing of arguments, what is printed for people, and the server's start."""
