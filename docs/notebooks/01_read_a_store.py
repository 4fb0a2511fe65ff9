# %% [markdown]
# # Read a store
#
# Calls with typed messages, media as bytes and weights. Run it as a script, or open it
# as a notebook (every `# %%` begins a cell).

# %%
import sys

import snaptrace

URL = sys.argv[1] if len(sys.argv) > 1 else "file:///var/lib/snaptrace"
reader = snaptrace.open(URL)

# %% [markdown]
# A filter is the one of `snaptrace ls`: terms that must all hold.

# %%
for call in reader.calls("modality=image outcome=answered", limit=3):
    print(call.id[:8], call.question, "->", call.answer.text)
    for blob in call.media:
        size = len(blob.data) if blob.data is not None else 0
        print("   ", blob.kind, blob.mime, size, "bytes")

# %% [markdown]
# Everything that was recorded is in `call.snapshot`; messages are alike for all APIs.

# %%
for call in reader.calls(limit=2, media=False):
    for message in call.messages:
        print(message.role, [type(part).__name__ for part in message.parts])

# %%
reader.close()
