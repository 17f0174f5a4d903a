"""Search: words in, the best entries of the municipalities that may be seen out.

folding, stems, compounds, lexicon   words to lexemes, for entries and queries alike
documents                            an entry's lexemes by field
slots                                a query's words and what may stand for them
plan, postgres                       slots to SQL, and its answer
finding                              the one door: `search()`
"""
