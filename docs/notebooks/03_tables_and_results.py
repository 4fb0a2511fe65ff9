# %% [markdown]
# # Tables and results
#
# Needs `pip install 'snaptrace[tables]'` for the data frame; the rest has no extra.

# %%
import sys

import snaptrace

URL = sys.argv[1] if len(sys.argv) > 1 else "file:///var/lib/snaptrace"
reader = snaptrace.open(URL)

# %%
try:
    frame = reader.to_pandas("since=30d")
    print(frame.groupby(["service", "modality"])["weight"].sum())
except ImportError as error:
    print("no tables:", error)

# %% [markdown]
# Judged pairs and verdicts: numbers and ids, no content. Join them with calls by
# `snapshot_id`.

# %%
results = reader.results()
print(len(results), "judged pairs")
for row in reader.verdicts():
    print(row["canary"], row["modality"], row.get("verdict"))

# %%
for call, assertion in reader.pins("release"):
    print(call.id[:8], assertion)
reader.close()
