#!/usr/bin/env python3
"""Cuts Discord's OpenAPI description down to what the stand-in serves.

    cut.py FULL > discord.json

FULL is `specs/openapi.json` of https://github.com/discord/discord-api-spec (MIT licence; `discord.json` here comes from
the snapshot of 2026-07-18). Kept of each operation in ROUTES: parameters, the schema of its JSON body, those of its
successful answers, and every schema that they reach. Descriptions are left out, as nothing reads them.
"""

import json
import sys

ROUTES = """
GET /gateway
GET /gateway/bot
GET /users/@me
GET /users/@me/guilds
GET /applications/@me
GET /oauth2/applications/@me
GET /channels/{channel_id}
PATCH /channels/{channel_id}
GET /guilds/{guild_id}
GET /guilds/{guild_id}/channels
GET /guilds/{guild_id}/roles
GET /guilds/{guild_id}/members/{user_id}
GET /applications/{application_id}/commands
PUT /applications/{application_id}/commands
GET /applications/{application_id}/guilds/{guild_id}/commands
PUT /applications/{application_id}/guilds/{guild_id}/commands
POST /applications/{application_id}/guilds/{guild_id}/commands
GET /applications/{application_id}/guilds/{guild_id}/commands/{command_id}
PATCH /applications/{application_id}/guilds/{guild_id}/commands/{command_id}
DELETE /applications/{application_id}/guilds/{guild_id}/commands/{command_id}
POST /interactions/{interaction_id}/{interaction_token}/callback
POST /webhooks/{webhook_id}/{webhook_token}
GET /webhooks/{webhook_id}/{webhook_token}/messages/@original
PATCH /webhooks/{webhook_id}/{webhook_token}/messages/@original
DELETE /webhooks/{webhook_id}/{webhook_token}/messages/@original
GET /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}
PATCH /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}
DELETE /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}
GET /channels/{channel_id}/messages
POST /channels/{channel_id}/messages
GET /channels/{channel_id}/messages/{message_id}
PATCH /channels/{channel_id}/messages/{message_id}
DELETE /channels/{channel_id}/messages/{message_id}
GET /channels/{channel_id}/messages/pins
PUT /channels/{channel_id}/messages/pins/{message_id}
DELETE /channels/{channel_id}/messages/pins/{message_id}
GET /channels/{channel_id}/pins
PUT /channels/{channel_id}/pins/{message_id}
DELETE /channels/{channel_id}/pins/{message_id}
POST /channels/{channel_id}/typing
"""
PROSE = {"description", "title", "examples", "example", "x-enum-descriptions", "x-enum-varnames"}


def bare(value):
    """The same without prose; names of properties are never prose."""
    if isinstance(value, list):
        return [bare(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {key: item for key, item in value.items() if key not in PROSE or isinstance(item, dict)}
    return {key: bare(item) for key, item in kept.items()}


def references(value):
    """The names of the components' schemas that a value refers to."""
    if isinstance(value, list):
        return set().union(*map(references, value)) if value else set()
    if not isinstance(value, dict):
        return set()
    found = {value["$ref"].removeprefix("#/components/schemas/")} if "$ref" in value else set()
    return found.union(*map(references, value.values()))


def body(content):
    """The schema of JSON among the contents of a body."""
    return {"application/json": {"schema": content["application/json"]["schema"]}}


def main():
    """Reads the full description, writes the cut one."""
    full = json.load(open(sys.argv[1], encoding="utf-8"))
    paths = {}
    for route in ROUTES.split("\n"):
        if not route:
            continue
        method, path = route.split(" ")
        operation = full["paths"][path][method.lower()]
        kept = {"parameters": full["paths"][path].get("parameters", []) + operation.get("parameters", [])}
        if "requestBody" in operation:
            kept["requestBody"] = {"content": body(operation["requestBody"]["content"])}
        answers = {status: it for status, it in operation["responses"].items() if status[0] == "2"}
        kept["responses"] = {status: {"content": body(it["content"])} if "content" in it else {} for status, it in answers.items()}
        paths.setdefault(path, {})[method.lower()] = kept
    schemas, todo = {}, references(paths)
    while todo:
        name = todo.pop()
        schemas[name] = full["components"]["schemas"][name]
        todo |= references(schemas[name]) - schemas.keys()
    info = {key: full["info"][key] for key in ("title", "version", "license")}
    cut = {"openapi": full["openapi"], "info": info, "paths": paths, "components": {"schemas": schemas}}
    json.dump(bare(cut), sys.stdout, separators=(",", ":"), sort_keys=True)


main()
