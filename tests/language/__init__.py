"""A checker for the language of the code and the manual: `python -m tests.language`.

`docs/contributing/language.md` explains its rules. Each rule has a module of its own: `names`, `docstrings`,
`sentences` and `words`. The word lists are the data files beside them.
"""
