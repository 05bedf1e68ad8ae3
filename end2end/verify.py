"""The Standard Webhooks verifier from PyPI over what the worker sent: takes what is valid, refuses the rest."""

import json
import sys

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

with open(sys.argv[1], encoding="utf-8") as file:
    cases = json.load(file)
for one in cases:
    try:
        Webhook(one["secret"]).verify(one["body"], one["headers"])
        taken = True
    except WebhookVerificationError:
        taken = False
    if taken != one["valid"]:
        sys.exit(f"PyPI: taken {taken}, valid {one['valid']}: {one['headers']}")
print(f"{len(cases)} checked")
