"""One function for each act of a story: what a person would press, in the order in which she would press it."""
