#!/usr/bin/env bash
# Checks packaging/ and the files for the monitoring as far as this machine can: syntax, references, schemas. Tools that are
# missing are named and skipped.
set -euo pipefail
cd "$(dirname "$0")/.."
. xtask/tools.sh

python="${ORDINAVO_TEST_PYTHON:-python3}"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT

"$python" - <<'PYTHON'
import pathlib, sys, yaml

def load(path):
    return [document for document in yaml.safe_load_all(path.read_text()) if document]

compose = load(pathlib.Path("packaging/compose/compose.yaml"))[0]
services = compose["services"]
for name, service in services.items():
    for network in service.get("networks", []):
        assert network in compose["networks"], f"{name}: network {network}"
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        if source.startswith("."):
            assert (pathlib.Path("packaging/compose") / source).exists(), f"{name}: {source}"
        else:
            assert source in compose["volumes"], f"{name}: volume {source}"
    for config in service.get("configs", []):
        assert config["source"] in compose["configs"], f"{name}: config {config['source']}"
    for other in service.get("depends_on", []):
        assert other in services, f"{name}: depends on {other}"
    assert "image" in service, name
for name in ("migrate", "server", "worker", "backup", "owner"):
    assert services[name]["read_only"] and services[name]["cap_drop"] == ["ALL"], name

for path in pathlib.Path("packaging/kubernetes").glob("*.yaml"):
    for document in load(path):
        assert document["apiVersion"] and document["kind"], path
        if document["kind"] == "Deployment":
            pod = document["spec"]["template"]["spec"]
        elif document["kind"] == "CronJob":
            pod = document["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        else:
            continue
        assert pod["securityContext"]["runAsNonRoot"], path
        for container in pod["containers"] + pod.get("initContainers", []):
            assert container["securityContext"]["readOnlyRootFilesystem"], path

rules = load(pathlib.Path("docs/operations/monitoring/alerts.yaml"))[0]["groups"][0]["rules"]
assert all(rule["expr"] and rule["annotations"]["summary"] for rule in rules)
PYTHON

for script in packaging/compose/*.sh; do sh -n "$script"; done

if command -v kubectl >/dev/null; then
  kubectl kustomize packaging/kubernetes >"$folder/manifests.yaml"
  if "$python" -c 'import kubernetes_validate' 2>/dev/null; then
    "$(dirname "$python")/kubernetes-validate" --strict --quiet "$folder/manifests.yaml"
  fi
else
  say "skipped: kubectl is not installed"
fi

if command -v systemd-analyze >/dev/null; then
  # The units name the installed program; here, any program stands for it.
  for unit in packaging/systemd/*.service packaging/systemd/*.timer; do
    sed 's|/usr/local/bin/ordinavo|/bin/true|' "$unit" >"$folder/$(basename "$unit")"
  done
  awk '/^```ini/ { inside = 1; next } /^```/ { inside = 0 } inside' README.md |
    sed 's|/usr/local/bin/ordinavo|/bin/true|' >"$folder/ordinavo-readme.service"
  # Each unit by its own, since warnings of the machine's other units are not ours.
  problems="$(cd "$folder" && systemd-analyze verify ./*.service ./*.timer 2>&1 | grep 'ordinavo' || true)"
  [ -z "$problems" ] || { echo "$problems" >&2; exit 1; }
else
  say "skipped: systemd-analyze is not installed"
fi

if command -v promtool >/dev/null; then
  promtool check rules docs/operations/monitoring/alerts.yaml >/dev/null
else
  say "skipped: promtool is not installed"
fi
