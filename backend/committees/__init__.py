"""Committees: bodies in which parents, school and community decide together (council-1…10).

A *body* (家委会, 家校共育委员会, 专项工作小组, …) has *seats*, each held by a person for a term.
Parents put *suggestions*; a body puts *agenda items*, each under a *matter* of the catalogue
and a *rule set*, before a *meeting* or decides them in writing; the *votes* themselves are
held by ``ballots``. A meeting's *minutes* write themselves and are filed; what was resolved is
a *decision* in a log that nobody can rewrite. A *panel* scores what is shown to it (评议).
"""
