"""The commands of the command line, a module for each; a command's `main` gets its arguments."""
