"""One person with a Matrix client that shares no code with ours, driven by lines of JSON.

    python crew.py HOMESERVER USER DEVICE TOKEN STORE

Each line of standard input is one order, {"id": 1, "do": "send", ...}; its answer is {"id": 1, "ok": ...} or
{"id": 1, "error": "..."}. Whatever the person's timelines bring is told as {"event": {...}} when it comes, decrypted
where the keys for it were given. Orders are carried out one after another. The end of the input is the end.
"""

import asyncio
import collections
import json
import os
import sys

import nio

SYNC = {"room": {"timeline": {"limit": 200}}}


def tell(**line):
    print(json.dumps(line), flush=True)


class Person:
    def __init__(self, homeserver, user, device, token, store):
        os.makedirs(store, exist_ok=True)
        config = nio.AsyncClientConfig(encryption_enabled=True, store_sync_tokens=True, max_timeouts=0)
        self.client = nio.AsyncClient(homeserver, user, device_id=device, store_path=store, config=config)
        self.client.restore_login(user, device, token)
        self.client.add_event_callback(self.heard, nio.Event)
        self.client.add_event_callback(self.heard, nio.InviteEvent)
        self.synced = asyncio.Condition()
        self.turns = 0
        self.speakers = collections.Counter()

    async def heard(self, room, event):
        source = event.source
        if source.get("type") in ("m.room.message", "m.room.encrypted"):
            self.speakers[room.room_id, source.get("sender")] += 1
        tell(event={
            "room": room.room_id,
            "id": source.get("event_id"),
            "type": source.get("type"),
            "sender": source.get("sender"),
            "state_key": source.get("state_key"),
            "redacts": source.get("redacts") or source.get("content", {}).get("redacts"),
            "content": source.get("content", {}),
            "decrypted": bool(getattr(event, "decrypted", False)),
            "undecryptable": isinstance(event, nio.MegolmEvent),
        })

    async def turn(self, timeout, **options):
        """What sync_forever does in one round: without all of it nobody has keys for anybody."""
        client = self.client
        if client.should_upload_keys:
            await client.keys_upload()
        response = await client.sync(timeout=timeout, sync_filter=SYNC, **options)
        if isinstance(response, nio.SyncError):
            raise RuntimeError(response.message)
        await client.send_to_device_messages()
        if client.should_upload_keys:
            await client.keys_upload()
        if client.should_query_keys:
            await client.keys_query()
        if client.should_claim_keys:
            await client.keys_claim(client.get_users_for_key_claiming())
        async with self.synced:
            self.turns += 1
            self.synced.notify_all()

    async def follow(self):
        first = True
        while True:
            try:
                # After a restart the rooms are known by their whole state alone.
                await self.turn(0 if first else 20000, full_state=first)
                first = False
            except (RuntimeError, OSError, asyncio.TimeoutError, nio.exceptions.LocalProtocolError) as error:
                tell(trouble=str(error))
                await asyncio.sleep(0.2)
            except Exception as error:  # the server is away
                tell(trouble=repr(error))
                await asyncio.sleep(0.2)

    async def knows(self, room, user=None):
        """Waits until syncs have brought the room, and that somebody is in it."""
        while room not in self.client.rooms or user and user not in self.client.rooms[room].users:
            async with self.synced:
                await self.synced.wait()

    # Orders.

    async def create(self, encrypted, version, invite, name="Crew", power=None, preset="private_chat"):
        state = []
        if encrypted:
            content = {"algorithm": "m.megolm.v1.aes-sha2"}
            state.append({"type": "m.room.encryption", "state_key": "", "content": content})
        answer = good(await self.client.room_create(
            name=name, room_version=version, invite=invite, initial_state=state,
            power_level_override=power, preset=nio.RoomPreset(preset)))
        await self.knows(answer.room_id)
        return answer.room_id

    async def join(self, room):
        good(await self.client.join(room))
        await self.knows(room, self.client.user_id)

    async def leave(self, room):
        good(await self.client.room_leave(room))

    async def invite(self, room, user):
        good(await self.client.room_invite(room, user))

    async def kick(self, room, user):
        good(await self.client.room_kick(room, user))

    async def meet(self, room, user):
        """Waits until the user is in the room, and has devices that this person knows if it is encrypted."""
        await self.knows(room, user)
        while self.client.rooms[room].encrypted and not any(True for _ in self.client.device_store.active_user_devices(user)):
            async with self.synced:
                await self.synced.wait()

    async def hears(self, room, user, times=1):
        """Waits until the user has said so many things there."""
        while self.speakers[room, user] < times:
            async with self.synced:
                await self.synced.wait()

    async def send(self, room, content, type="m.room.message", clear=False):
        if clear:
            # Around the encryption, as only a forger would.
            method, path, data = nio.Api.room_send(self.client.access_token, room, type, content, os.urandom(8).hex())
            answer = await self.client._send(nio.RoomSendResponse, method, path, data, (room,))
        else:
            answer = await self.client.room_send(room, type, content, ignore_unverified_devices=True)
        return good(answer).event_id

    async def burst(self, room, bodies):
        """Many at once: encrypted before the first is sent, and sent side by side."""
        client, sealed = self.client, []
        for body in bodies:
            kind, content = "m.room.message", {"msgtype": "m.text", "body": body}
            if client.rooms[room].encrypted:
                kind, content = client.encrypt(room, kind, content)
            sealed.append((kind, content))

        async def send(kind, content):
            method, path, data = nio.Api.room_send(client.access_token, room, kind, content, os.urandom(8).hex())
            return good(await client._send(nio.RoomSendResponse, method, path, data, (room,))).event_id
        return await asyncio.gather(*(send(*each) for each in sealed))

    async def redact(self, room, event):
        return good(await self.client.room_redact(room, event)).event_id

    async def state(self, room, type, key=""):
        answer = await self.client.room_get_state_event(room, type, key)
        return good(answer).content

    async def set_state(self, room, type, content, key=""):
        return good(await self.client.room_put_state(room, type, content, state_key=key)).event_id

    async def display_name(self, name):
        good(await self.client.set_displayname(name))

    async def rekey(self, room):
        """What is sent next goes out with new keys."""
        self.client.invalidate_outbound_session(room)


def good(answer):
    if isinstance(answer, nio.ErrorResponse):
        raise RuntimeError(f"{answer.status_code}: {answer.message}")
    return answer


async def main():
    person = Person(*sys.argv[1:])
    follower = asyncio.create_task(person.follow())
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader(limit=1 << 24)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        order = json.loads(line)
        number, what = order.pop("id"), order.pop("do")
        try:
            tell(id=number, ok=await getattr(person, what)(**order))
        except Exception as error:
            tell(id=number, error=f"{what}: {error!r}")
    follower.cancel()
    await person.client.close()


asyncio.run(main())
