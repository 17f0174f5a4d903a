"""What editors type: articles, the directory, answers to gaps, and the filters of the lists."""
