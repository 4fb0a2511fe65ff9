"""The judge model: asked which of two answers is better, where no rule can say.

Any provider that an arm can use. Pairs are judged blind and in both orders, with the
recording as reference; a verdict counts only with evidence that can be found in the
answers. What is judged is data: it is delimited, marked line by line, and what it says
to a judge is taken out (`addressed.py`). When its verdicts may gate: `standing.py`.
"""
