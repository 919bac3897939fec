"""A repository of an OCI registry that speaks plain HTTP: small images go in, and out again."""

import hashlib
import http.client
import json
import sys

TYPE = "application/vnd.oci.image.manifest.v1+json"


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Repository:
    def __init__(self, registry, path):
        self.connection = http.client.HTTPConnection(registry)
        self.path = path
        # What is there because of this one.
        self.pushed = []

    def ask(self, method, target, body=None, headers={}):
        self.connection.request(method, target, body, headers)
        answer = self.connection.getresponse()
        answer.read()
        if answer.status >= 300:
            sys.exit(f"{method} {target}: {answer.status}")
        return answer

    def push_blob(self, data):
        place = self.ask("POST", f"/v2/{self.path}/blobs/uploads/").getheader("Location")
        place = place[place.index("/v2/"):]
        self.ask("PUT", f"{place}{'&' if '?' in place else '?'}digest={digest(data)}", data)
        self.pushed.append(f"/v2/{self.path}/blobs/{digest(data)}")
        return {"digest": digest(data), "size": len(data)}

    def push_images(self, count, **config):
        """The digests of COUNT manifests of one small image for linux/amd64, each with an annotation of its own."""
        rootfs = {"type": "layers", "diff_ids": []}
        config = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": rootfs, "config": config})
        config = {"mediaType": "application/vnd.oci.image.config.v1+json", **self.push_blob(config.encode())}
        layer = {"mediaType": "application/vnd.oci.image.layer.v1.tar", **self.push_blob(bytes(1024))}
        for number in range(count):
            manifest = json.dumps({
                "schemaVersion": 2, "mediaType": TYPE, "config": config, "layers": [layer],
                "annotations": {"number": str(number)},
            }).encode()
            place = f"/v2/{self.path}/manifests/{digest(manifest)}"
            self.ask("PUT", place, manifest, {"Content-Type": TYPE})
            self.pushed.append(place)
            yield digest(manifest)

    def remove(self):
        """Removes all that was pushed; a registry keeps no connection for as long as a measurement may take."""
        self.connection.close()
        for place in dict.fromkeys(self.pushed):
            self.ask("DELETE", place)
