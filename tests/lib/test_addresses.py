"""Which addresses we connect to. RIVALS 22: `is_private` lets shared, multicast, NAT64 and 6to4 addresses pass."""

from ipaddress import ip_address, ip_network

import pytest

from heartbeet.lib import addresses

BLOCKED = [
    ("0.0.0.0", "means this machine on Linux"),
    ("0.1.2.3", "the rest of its network"),
    ("10.0.0.1", "private"),
    ("10.255.255.255", "private, last"),
    ("100.64.0.1", "shared by a carrier's customers; is_private says no"),
    ("100.100.100.200", "Alibaba's metadata"),
    ("100.127.255.255", "shared, last"),
    ("127.0.0.1", "loopback"),
    ("127.255.255.254", "loopback, last"),
    ("168.63.129.16", "Azure's wire server, formally public"),
    ("169.254.0.1", "link-local"),
    ("169.254.169.254", "metadata of most clouds"),
    ("169.254.170.2", "credentials of an ECS task"),
    ("172.16.0.1", "private"),
    ("172.31.255.255", "private, last"),
    ("192.0.0.1", "protocol assignments"),
    ("192.0.0.192", "Oracle Classic's metadata"),
    ("192.0.2.1", "documentation"),
    ("192.88.99.1", "6to4 relay"),
    ("192.168.1.1", "private"),
    ("198.18.0.1", "benchmarking"),
    ("198.19.255.255", "benchmarking, last"),
    ("198.51.100.7", "documentation"),
    ("203.0.113.9", "documentation"),
    ("224.0.0.1", "multicast"),
    ("239.255.255.250", "multicast: SSDP"),
    ("240.0.0.1", "reserved"),
    ("255.255.255.255", "broadcast"),
    ("::", "unspecified"),
    ("::1", "loopback"),
    ("::7f00:1", "IPv4-compatible loopback"),
    ("::808:808", "IPv4-compatible: nobody needs it, old kernels answer"),
    ("::ffff:10.0.0.1", "mapped private"),
    ("::ffff:127.0.0.1", "mapped loopback"),
    ("::ffff:169.254.169.254", "mapped metadata"),
    ("::ffff:100.64.0.1", "mapped shared"),
    ("64:ff9b::7f00:1", "NAT64 of loopback; is_private says no"),
    ("64:ff9b::a9fe:a9fe", "NAT64 of metadata"),
    ("64:ff9b::a00:1", "NAT64 of private"),
    ("64:ff9b:1::808:808", "a local translator's prefix"),
    ("64:ff9b:1:7f00:0:100::", "a local translator's form of loopback"),
    ("100::1", "discard"),
    ("2001::1", "Teredo"),
    ("2001:0:4136:e378:8000:63bf:80ff:fffe", "Teredo whose client is loopback"),
    ("2001:db8::1", "documentation"),
    ("2002:7f00:1::1", "6to4 of loopback; is_private says no"),
    ("2002:a9fe:a9fe::1", "6to4 of metadata"),
    ("2002:c0a8:101::1", "6to4 of private"),
    ("3fff::1", "documentation, the new block"),
    ("4000::1", "not assigned to anybody"),
    ("5f00::1", "segment routing"),
    ("fc00::1", "private"),
    ("fd00:ec2::254", "AWS's metadata"),
    ("fe80::1", "link-local"),
    ("fec0::1", "site-local"),
    ("ff02::1", "multicast"),
]

OPEN = [
    ("8.8.8.8", "public"),
    ("1.1.1.1", "public"),
    ("100.63.255.255", "just before the shared block"),
    ("100.128.0.1", "just behind it"),
    ("172.32.0.1", "just behind a private block"),
    ("223.255.255.254", "just before multicast"),
    ("2606:4700:4700::1111", "public"),
    ("::ffff:8.8.8.8", "mapped public: the kernel connects to 8.8.8.8"),
    ("64:ff9b::808:808", "NAT64 of a public one: how an IPv6-only network reaches it"),
    ("2002:808:808::1", "6to4 of a public one"),
]


@pytest.mark.parametrize(("address", "reason"), BLOCKED)
def test_an_address_that_is_not_public_is_refused(address: str, reason: str) -> None:
    assert addresses.refusal(ip_address(address)), reason


@pytest.mark.parametrize(("address", "reason"), OPEN)
def test_a_public_address_is_fine(address: str, reason: str) -> None:
    assert addresses.refusal(ip_address(address)) == "", reason


@pytest.mark.parametrize("address", ["10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::a01:203"])
def test_an_operator_may_open_a_private_network(address: str) -> None:
    assert addresses.refusal(ip_address(address), [ip_network("10.0.0.0/8")]) == ""


@pytest.mark.parametrize("address", ["10.1.2.3", "127.0.0.1", "::1"])
def test_opening_one_network_opens_no_other(address: str) -> None:
    assert addresses.refusal(ip_address(address), [ip_network("192.168.0.0/16")])


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.170.2",
        "100.100.100.200",
        "168.63.129.16",
        "fd00:ec2::254",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
        "::a9fe:a9fe",
    ],
)
def test_cloud_metadata_stays_closed_whatever_the_operator_opens(address: str) -> None:
    everything = [ip_network("0.0.0.0/0"), ip_network("::/0")]

    assert addresses.refusal(ip_address(address), everything) == "a cloud metadata address"


SPELLINGS = [
    ("127.0.0.1", "127.0.0.1", "plain"),
    ("127.1", "127.0.0.1", "short"),
    ("2130706433", "127.0.0.1", "decimal"),
    ("0x7f000001", "127.0.0.1", "hex"),
    ("0x7f.0.0.1", "127.0.0.1", "a hex part"),
    ("0177.0.0.1", "127.0.0.1", "an octal part"),
    ("017700000001", "127.0.0.1", "octal"),
    ("127.0.0.1.", "127.0.0.1", "a final dot"),
    ("0", "0.0.0.0", "zero"),
    ("[::1]", "::1", "brackets"),
    ("::ffff:127.0.0.1", "::ffff:7f00:1", "mapped"),
    ("fe80::1%eth0", "fe80::1", "with a zone"),
    ("①②⑦.⓪.⓪.①", "127.0.0.1", "circled digits"),
    ("127。0。0。1", "127.0.0.1", "ideographic full stops"),
]  # fmt: skip


@pytest.mark.parametrize(("host", "address", "reason"), SPELLINGS)
def test_an_address_is_known_in_any_spelling(host: str, address: str, reason: str) -> None:
    assert addresses.literal(host) == ip_address(address), reason


@pytest.mark.parametrize("host", ["example.com", "localhost", "1.2.3.4.example.com", "", "256.1.1.1.1", "dead.beef"])
def test_a_name_is_no_address(host: str) -> None:
    assert addresses.literal(host) is None
