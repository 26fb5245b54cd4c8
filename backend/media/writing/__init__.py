"""Documents the house writes: one model of blocks, set as a Word file or as a PDF.

A *document* is a row of *blocks*: headings, paragraphs, lists, tables and lines to sign on.
Both ways of setting it follow the layout of Chinese official papers (GB/T 9704): A4, a type
area of 156 by 225 mm, body text in size 三号, twenty-two lines a page, the page's number at
the outer edge. Words are only ever words: nothing in them is taken for a field, a formula
or markup.
"""
