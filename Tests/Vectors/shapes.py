"""Holds what the programs say against docs/protocol/schemas, and sees that spoiled copies of it are refused."""
import copy
import json

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

import script

# What no program of ours says, and why.
UNMET = {
    "status.json approval": "no agent asks while the vectors are played",
    "device.json channelHello": "the vectors of a device play sessions only",
    "device.json channelStatus": "the vectors of a device play sessions only"}
# Of each schema so many messages are spoiled in every way there is.
SPOILED = 20


class Schemas:
    def __init__(self):
        paths = sorted((script.FOLDER / "schemas").glob("*.json"))
        self.files = {path.name: json.loads(path.read_text()) for path in paths}
        for schema in self.files.values():
            Draft202012Validator.check_schema(schema)
        self.registry = Registry().with_resources((name, Resource.from_contents(schema)) for name, schema in self.files.items())
        self.met = {f"{name} {kind}": [] for name, schema in self.files.items() if "oneOf" in schema and "$defs" in schema
                    for kind in schema["$defs"]}

    def validator(self, reference):
        return Draft202012Validator({"$ref": reference}, registry=self.registry)

    def take(self, name, line):
        """One line of a program for the schema of that name; the sentence that tells what is wrong with it, or None."""
        message = json.loads(line)
        kind = message.get("type")
        # On the device channel.
        if name in ("device.json", "hub.json") and (
                kind == "hello" and "session" not in message["payload"] or kind == "status" and "seq" not in message):
            kind = "channel" + kind.capitalize()
        if f"{name} {kind}" not in self.met:
            return f"there is no schema for {line[:200]!r}"
        error = next(self.validator(f"{name}#/$defs/{kind}").iter_errors(message), None)
        if error:
            return f"{error.message[:300]} (at {error.json_path}) in {line[:300]!r}"
        if not self.validator(name).is_valid(message):
            return f"{name} as a whole does not take {line[:200]!r}"
        self.met[f"{name} {kind}"].append(message)
        payload = message["payload"]
        for inner, member in (("status.json", "state"), ("control.json", "action")):
            if kind == inner[:-5]:
                self.met[f"{inner} {payload[member]}"].append(payload)
        return None

    def resolve(self, schema, value):
        """The schema that says something about this value: references followed, and of alternatives the one that takes it."""
        while True:
            if "$ref" in schema:
                name, _, kind = schema["$ref"].partition("#/$defs/")
                schema = self.files[name]["$defs"][kind] if kind else self.files[name]
            elif "$ref" in schema.get("oneOf", [{}])[0]:
                schema = next(each for each in schema["oneOf"] if self.validator(each["$ref"]).is_valid(value))
            else:
                return schema

    def spoiled(self, schema, value, where=""):
        """Copies of a message with one thing wrong, and what that is."""
        schema = self.resolve(schema, value)
        if not isinstance(value, dict) or "properties" not in schema:
            return
        for names in ([name] for name in schema.get("required", [])):
            yield f"without {where}{names[0]}", {name: member for name, member in value.items() if name not in names}
        choice = [name for each in schema.get("oneOf", []) for name in each["required"]]
        if choice:
            yield f"without any of {where}{choice}", {name: member for name, member in value.items() if name not in choice}
        yield f"with {where}spoiled", {**value, "spoiled": 1}
        for name, member in value.items():
            yield f"{where}{name} of another type", {**value, name: [] if isinstance(member, (dict, str)) else "x"}
            for how, inner in self.spoiled(schema["properties"][name], member, f"{where}{name}."):
                yield how, {**value, name: inner}

    def check(self, key):
        """Sees that spoiled copies of what came are refused: how many were; raises AssertionError with the one that was not."""
        name, kind = key.split()
        reference, refused = f"{name}#/$defs/{kind}", 0
        validator = self.validator(reference)
        for message in self.met[key][:SPOILED]:
            for how, spoiled in self.spoiled({"$ref": reference}, copy.deepcopy(message)):
                assert not validator.is_valid(spoiled), f"it takes a message {how}: {json.dumps(spoiled)[:300]}"
                refused += 1
        return refused


def judge(seen, is_whole):
    """Prints what is wrong, and counts: passed, failed. `is_whole`: each schema must have been met."""
    schemas, passed, failed = Schemas(), 0, 0
    for name, messages in seen.items():
        wrong = [how for how in (schemas.take(name, line) for line in messages) if how]
        for how in wrong[:5]:
            print(f"FAILED {name}: {how}")
        failed += bool(wrong)
    for key, messages in schemas.met.items():
        if not messages and (key in UNMET or not is_whole):
            if key in UNMET:
                print(f"skipped schema {key}: {UNMET[key]}")
            continue
        try:
            assert messages, "no message met it"
            refused = schemas.check(key)
            assert refused, "no copy could be spoiled"
            passed += 1
            print(f"ok schema {key}: {len(messages)} messages, {refused} spoiled copies refused")
        except AssertionError as error:
            failed += 1
            print(f"FAILED schema {key}: {error}")
    return passed, failed
