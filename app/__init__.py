"""The roof: assembles the server and the command line, and shows the pages."""
