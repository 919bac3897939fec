"""Prints what runs in an environment of Modal as JSON, as a script on the SDK would: one app after the other.

    modal_audit.py ENVIRONMENT
"""

import json
import sys

import modal

environment = sys.argv[1]
found = []
for app in modal.Environment.from_name(environment).apps.list():
    info = app.info()
    for name in info.functions:
        function = modal.Function.from_name(info.description, name, environment_name=environment).info()
        found.append({
            "app": info.description, "version": info.lifecycle.version, "tags": dict(app.get_tags()), "function": name,
            "image": function.image_info.image_id, "cpu": function.cpu, "memory": function.memory_mib,
            "secrets": list(function.secrets), "url": function.web_info.web_url,
        })
json.dump(found, sys.stdout)
