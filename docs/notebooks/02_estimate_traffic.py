# %% [markdown]
# # Estimate live traffic
#
# A snapshot stands for `call.weight` calls of live traffic. Estimates use the weights and
# come with a standard error of sampling: 0 where every call was kept.

# %%
import sys

import snaptrace

URL = sys.argv[1] if len(sys.argv) > 1 else "file:///var/lib/snaptrace"
reader = snaptrace.open(URL)

# %%
print("calls", reader.total(lambda _call: 1.0))
print("share refused", reader.estimate(lambda c: float(c.answer.outcome == "refused")))
words = reader.estimate(lambda c: len(c.answer.text.split()), where="modality=text")
print("words of a text answer", words)

# %% [markdown]
# Counting rows instead would answer another question: quotas keep rare things on purpose.

# %%
seen = [call.answer.outcome == "refused" for call in reader.calls(media=False)]
print("share of rows", sum(seen) / len(seen) if seen else None)

# %%
reader.close()
