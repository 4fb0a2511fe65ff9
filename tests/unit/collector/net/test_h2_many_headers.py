"""More headers than anybody needs, on one stream of a connection."""

from fakes.http2_client import REQUEST, Client

from collector.net import h2_frames


async def test_too_many_headers_cost_their_stream_and_not_the_connection():
    """One call with large metadata would break off all others of an exporter."""
    client = Client()
    many = [*REQUEST, *((f"x-{n}", "y" * 4000) for n in range(17))]
    block = client.encoder.encode(many, huffman=False)
    pieces = [block[at : at + 16_000] for at in range(0, len(block), 16_000)]
    client.says(h2_frames.HEADERS, h2_frames.END_STREAM, 1, pieces[0])
    for piece in pieces[1:]:
        is_last = piece is pieces[-1]
        flags = h2_frames.END_HEADERS if is_last else 0
        client.says(h2_frames.CONTINUATION, flags, 1, piece)
    reset = (h2_frames.RST_STREAM, 0, 1, (11).to_bytes(4, "big"))
    assert reset in await client.hears()
    assert client.reasons == ["too_large"]
    # What it remembered in the table is known to both sides all the same.
    client.asks(3, b"abc", [*REQUEST, many[-1]])
    assert not client.wire.closing
    assert len(client.asked) == 1
