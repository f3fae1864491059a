"""How rows are held out, what is promised from them and what is measured on them: parted sides, or fold by fold."""
