"""What users of MLflow's model registry, prompt registry and webhooks do, against the server that MLFLOW_TRACKING_URI names.

Usage: python mlflow_registry_session.py SCRATCH_FOLDER RECEIVER_URL

It only acts and reports (scenarios.py says how): mlflow-registry.test.ts beside it says what must have been seen.
"""

import sys
import time

import mlflow
from mlflow.entities.webhook import WebhookEvent, WebhookStatus

from scenarios import client, play, refusal

RECEIVER = sys.argv[2]


def prompts():
    """A prompt from its first version to its end, and what searches of models see of it."""
    first = mlflow.genai.register_prompt(
        name="greeting", template="Hello {{name}}", commit_message="first words", tags={"tone": "kind"}
    )
    second = mlflow.genai.register_prompt(name="greeting", template="Good day {{name}}!", commit_message="politer")
    chat = mlflow.genai.register_prompt(
        name="chat", template=[{"role": "system", "content": "You help {{who}}"}, {"role": "user", "content": "{{question}}"}]
    )
    client.create_registered_model("no-prompt", tags={"kind": "model"})
    mlflow.genai.set_prompt_alias("greeting", alias="live", version=1)
    by_alias = mlflow.genai.load_prompt("prompts:/greeting@live")
    mlflow.genai.set_prompt_alias("greeting", alias="live", version=2)
    moved = mlflow.genai.load_prompt("prompts:/greeting@live")
    mlflow.genai.set_prompt_tag("greeting", "team", "support")
    mlflow.genai.set_prompt_version_tag("greeting", 2, "reviewed", "yes")
    seen = {
        "versions": [first.version, second.version],
        "byVersion": mlflow.genai.load_prompt("greeting", version=1).template,
        "text": mlflow.genai.load_prompt("prompts:/greeting/1").format(name="Ann"),
        "message": first.commit_message,
        "byAlias": by_alias.version,
        "moved": moved.version,
        "latest": mlflow.genai.load_prompt("prompts:/greeting@latest").version,
        "versionTags": mlflow.genai.load_prompt("greeting", version=2).tags.get("reviewed"),
        "promptTags": mlflow.genai.get_prompt_tags("greeting").get("team"),
        "chat": mlflow.genai.load_prompt("chat", version=chat.version).template,
        "found": sorted(prompt.name for prompt in mlflow.genai.search_prompts()),
        "foundByName": [prompt.name for prompt in mlflow.genai.search_prompts(filter_string="name = 'greeting'")],
        "promptVersions": sorted(prompt.version for prompt in client.search_prompt_versions("greeting").items)
        if hasattr(client.search_prompt_versions("greeting"), "items")
        else sorted(prompt.version for prompt in client.search_prompt_versions("greeting")),
        "models": sorted(model.name for model in client.search_registered_models()),
        "modelVersions": [version.name for version in client.search_model_versions()],
        "noSuchPrompt": mlflow.genai.load_prompt("nowhere", version=1, allow_missing=True),
        "modelAsPrompt": refusal(lambda: mlflow.genai.register_prompt(name="no-prompt", template="x")),
        "promptAsModel": refusal(lambda: client.create_registered_model("greeting")),
    }
    mlflow.genai.delete_prompt_version_tag("greeting", 2, "reviewed")
    mlflow.genai.delete_prompt_tag("greeting", "team")
    mlflow.genai.delete_prompt_alias("greeting", alias="live")
    seen["tagsAfter"] = [
        mlflow.genai.load_prompt("greeting", version=2).tags.get("reviewed"),
        mlflow.genai.get_prompt_tags("greeting").get("team"),
    ]
    seen["aliasAfter"] = mlflow.genai.load_prompt("prompts:/greeting@live", allow_missing=True)
    for version in ("1", "2"):
        client.delete_prompt_version("greeting", version)
    client.delete_prompt("greeting")
    seen["left"] = sorted(prompt.name for prompt in mlflow.genai.search_prompts())
    return seen


def registry():
    """Versions of runs that are elsewhere, copies, stages, aliases, times that move, and numbers that do not come back."""
    name = "flow"
    model = client.create_registered_model(name, {"a": "1", "number": 12345}, "what it is")
    for _ in range(3):
        client.create_model_version(name, "runs:/there/model", "there", tags={"hello": "world"}, description="dummy")
    client.set_registered_model_alias(name, "champion", "1")
    copy = client.copy_model_version(f"models:/{name}@champion", name)
    stages = {}
    for version, stage in (("1", "Staging"), ("2", "production"), ("3", "Production")):
        stages[version] = client.transition_model_version_stage(
            name, version, stage, archive_existing_versions=version == "3"
        ).current_stage
    before = client.get_registered_model(name).last_updated_timestamp
    time.sleep(0.002)
    client.update_model_version(name, "1", "described")
    version_moved = client.get_model_version(name, "1").last_updated_timestamp > before
    model_stayed = client.get_registered_model(name).last_updated_timestamp == before
    client.delete_model_version(name, "4")
    fifth = client.create_model_version(name, "s3://bucket/model", run_id="elsewhere")
    client.rename_registered_model(name, "flow 2")
    renamed = client.get_registered_model("flow 2")
    seen = {
        "tags": model.tags,
        "copy": [copy.version, copy.source, copy.run_id, copy.tags, copy.description],
        "uri": client.get_model_version_download_uri("flow 2", "1"),
        "stages": stages,
        "latest": {one.current_stage: one.version for one in client.get_latest_versions("flow 2")},
        "someLatest": {one.current_stage: one.version for one in client.get_latest_versions("flow 2", ["production"])},
        "versionMoved": version_moved,
        "modelStayed": model_stayed,
        "fifth": fifth.version,
        "renamed": [renamed.name, renamed.aliases, sorted(one.version for one in renamed.latest_versions)],
        "byRun": [one.version for one in client.search_model_versions("run_id = 'elsewhere'")],
        "newestFirst": [one.version for one in client.search_model_versions("name = 'flow 2'", order_by=["version_number DESC"])],
        "aliasOf": client.get_model_version_by_alias("flow 2", "champion").version,
        "noNumber": refusal(lambda: client.get_model_version("flow 2", "something not correct")),
        "gone": refusal(lambda: client.get_model_version("flow 2", "4")),
        "oldName": refusal(lambda: client.get_registered_model("flow")),
        "noAlias": refusal(lambda: client.get_model_version_by_alias("flow 2", "nobody")),
        "reserved": refusal(lambda: client.set_registered_model_alias("flow 2", "v7", "1")),
    }
    client.delete_registered_model_alias("flow 2", "champion")
    seen["aliasesAfter"] = client.get_registered_model("flow 2").aliases
    client.delete_registered_model("flow 2")
    seen["deleted"] = refusal(lambda: client.get_registered_model("flow 2"))
    return seen


def webhooks():
    """Webhooks from the first to the last call; the receiver keeps what they tell."""
    hook = client.create_webhook(
        name="all",
        url=RECEIVER,
        events=["registered_model.created", "model_version.created", WebhookEvent.from_str("model_version_alias.created")],
        secret="test-secret-key",
        description="of the models",
    )
    prompt_hook = client.create_webhook(name="prompts", url=RECEIVER, events=["prompt_version.created"])
    got = client.get_webhook(hook.webhook_id)
    client.create_registered_model("told", {"k": "v"}, "a model that is told of")
    client.create_model_version("told", "s3://bucket/told", run_id="r1", description="first")
    client.set_registered_model_alias("told", "champion", "1")
    mlflow.genai.register_prompt(name="told-prompt", template="Hi {{name}}", tags={"tone": "short"})
    test = client.test_webhook(hook.webhook_id)
    failing = client.create_webhook(name="nowhere", url=RECEIVER + "/missing", events=["registered_model.created"])
    failed = client.test_webhook(failing.webhook_id, event="model_version_tag.set")
    changed = client.update_webhook(
        hook.webhook_id, name="changed", events=["prompt.created"], status=WebhookStatus.DISABLED, description="off"
    )
    seen = {
        "secret": [hook.secret, got.secret],
        "got": [got.name, got.url, got.description, str(got.status), sorted(str(event) for event in got.events)],
        "listed": [one.name for one in client.list_webhooks()],
        "page": [len(client.list_webhooks(max_results=2)), client.list_webhooks(max_results=2).token is not None],
        "test": [test.success, test.response_status, test.error_message],
        "failed": [failed.success, failed.response_status, failed.error_message, "secret" in (failed.response_body or "")],
        "changed": [changed.name, str(changed.status), [str(event) for event in changed.events], changed.description],
        "moved": changed.last_updated_timestamp > got.last_updated_timestamp,
        "private": refusal(
            lambda: client.create_webhook(name="x", url="https://127.0.0.1:1/x", events=["prompt.created"])
        ),
        "scheme": refusal(lambda: client.create_webhook(name="x", url="ftp://example.com", events=["prompt.created"])),
        "blank": refusal(lambda: client.update_webhook(hook.webhook_id, url="   ")),
        "noUrl": refusal(lambda: client.update_webhook(hook.webhook_id, url="http://[invalid")),
        "name": refusal(lambda: client.create_webhook(name="-", url=RECEIVER, events=["prompt.created"])),
        "missing": refusal(lambda: client.get_webhook("nonexistent")),
    }
    # Deliveries leave soon after the call that they tell of; what is told is for the receiver to say.
    time.sleep(3)
    for one in (hook, prompt_hook, failing):
        client.delete_webhook(one.webhook_id)
    seen["left"] = len(client.list_webhooks())
    return seen


if __name__ == "__main__":
    play(prompts, registry, webhooks)
