"""The sample registry itself: specs that say what the processors do, and files that must not drift apart."""

import re

import pytest
from conftest import PROCESSORS, ROOT, payload

yaml = pytest.importorskip("yaml")
jsonschema = pytest.importorskip("jsonschema")

NAMES = sorted(path.name for path in PROCESSORS.iterdir() if path.is_dir())
WEBSOCKET = ("llm_litellm", "media_metadata")


def spec(name):
    return yaml.safe_load((PROCESSORS / name / "registry.yaml").read_text())


@pytest.mark.parametrize("name", NAMES)
def test_a_spec_agrees_with_its_folder_and_its_own_schema(name):
    document = spec(name)
    namespace, rest = document["ref"].split("/")
    assert name == f"{namespace}_{rest.split('@')[0]}"
    schema = document["inputs"]
    jsonschema.validators.validator_for(schema).check_schema(schema)
    for example in [*schema["examples"], document["smoke"]["inputs"]]:
        jsonschema.validate(example, schema)


@pytest.mark.parametrize("name", WEBSOCKET)
def test_the_smoke_inputs_give_the_declared_outputs(request, name):
    document = spec(name)
    processor = request.getfixturevalue(name.split("_")[0])
    envelope, _ = processor.run({**payload({}), "inputs": document["smoke"]["inputs"]})
    jsonschema.validate(envelope, document["smoke"]["expect"])
    declared = sorted((envelope_path["path"], envelope_path["mime"]) for envelope_path in document["outputs"])
    prefix = payload({})["write_prefix"]
    assert [(entry["path"].removeprefix(prefix), entry["mime"]) for entry in envelope["outputs"]] == declared


@pytest.mark.parametrize(("file", "names"), [("protocol.py", (*WEBSOCKET, "text_stats")), ("server.py", WEBSOCKET)])
def test_copies_of_a_file_are_the_same(file, names):
    assert len({(PROCESSORS / name / "app" / file).read_bytes() for name in names}) == 1


def test_dockerfiles_are_the_same_and_stay_within_an_older_builder():
    texts = {(PROCESSORS / name / "Dockerfile").read_text() for name in (*WEBSOCKET, "text_stats")}
    assert len(texts) == 1
    assert not re.search(r"^# *syntax=|<<|--link|--chmod", texts.pop(), re.MULTILINE)


@pytest.mark.parametrize("name", [name for name in NAMES if (PROCESSORS / name / "requirements.txt").exists()])
def test_requirements_are_pinned_and_agree(name):
    everything = set((PROCESSORS / "llm_litellm" / "requirements.txt").read_text().splitlines())
    lines = [line for line in (PROCESSORS / name / "requirements.txt").read_text().splitlines() if line[:1] != "#"]
    assert lines and all("==" in line for line in lines)
    assert set(lines) <= everything


def test_the_secrets_of_a_spec_are_those_of_its_program():
    for name in (*WEBSOCKET, "text_stats"):
        program = (PROCESSORS / name / "app" / "processor.py").read_text()
        secrets = spec(name)["secrets"]
        found = {kind: re.search(rf"^{kind}_SECRETS = \((.*)\)$", program, re.MULTILINE)[1] for kind in ("REQUIRED", "OPTIONAL")}
        assert re.findall(r'"(\w+)"', found["REQUIRED"]) == secrets["required"]
        assert re.findall(r'"(\w+)"', found["OPTIONAL"]) == secrets["optional"]


def test_the_tool_calls_what_the_registry_has():
    documents = [yaml.safe_load(path.read_text()) for path in (ROOT / "registry").glob("*/*.yaml")]
    assert sorted(document["id"] for document in documents) == ["default@1", "media.metadata@1", "summarise@1", "text.count@1", "text.llm@1"]
