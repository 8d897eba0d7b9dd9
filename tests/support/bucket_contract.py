"""What every bucket must do: judged alike in memory and on real servers."""

from __future__ import annotations

from coldchain_backend.influx import Left, Points, Precision, SeriesTags
from coldchain_backend.mirror.contracts import Bucket

NANO = 1_000_000
AT = 1_795_377_600_000
EVER = (0, 1 << 62)


def lines(*said: str) -> bytes:
    return "\n".join(said).encode()


def held(bucket: Bucket, measurement: str, **tags: str) -> dict[SeriesTags, Points]:
    return dict(bucket.points(measurement, tags, EVER))


class BucketContract:
    """Give `bucket` as a fixture."""

    def test_what_is_written_is_read(self, bucket: Bucket) -> None:
        body = lines(f'm,a=1 v=1.5,n=3i,b=true,s="x y" {AT}', f"m,a=2 v=2.0 {AT}", f"other,a=1 v=9.0 {AT}")
        assert bucket.write(body, Precision.MS).left is None
        found = held(bucket, "m")
        assert found == {
            (("a", "1"),): {AT * NANO: {"v": 1.5, "n": 3, "b": True, "s": "x y"}},
            (("a", "2"),): {AT * NANO: {"v": 2.0}},
        }
        assert held(bucket, "m", a="2").keys() == {(("a", "2"),)}
        assert held(bucket, "nothing") == {}

    def test_the_same_point_again_adds_its_fields(self, bucket: Bucket) -> None:
        for body in (f"m,a=1 v=1.0 {AT}", f"m,a=1 w=2.0 {AT}", f"m,a=1 v=3.0 {AT}"):
            bucket.write(body.encode(), Precision.MS)
        assert held(bucket, "m") == {(("a", "1"),): {AT * NANO: {"v": 3.0, "w": 2.0}}}

    def test_nanoseconds_keep_points_apart(self, bucket: Bucket) -> None:
        bucket.write(lines(f"m v=1.0 {AT * NANO + 1}", f"m v=2.0 {AT * NANO + 2}"), Precision.NS)
        assert held(bucket, "m")[()] == {AT * NANO + 1: {"v": 1.0}, AT * NANO + 2: {"v": 2.0}}

    def test_a_span_is_deleted_with_its_begin_and_without_its_end(self, bucket: Bucket) -> None:
        said = [f"m,a={tag} v={step}.0 {AT + step}" for tag in (1, 2) for step in range(4)]
        bucket.write(lines(*said), Precision.MS)
        bucket.delete("m", {"a": "1"}, ((AT + 1) * NANO, (AT + 3) * NANO))
        assert list(held(bucket, "m", a="1")[("a", "1"),]) == [AT * NANO, (AT + 3) * NANO]
        assert len(held(bucket, "m", a="2")[("a", "2"),]) == 4

    def test_what_was_deleted_can_be_written_again(self, bucket: Bucket) -> None:
        for value in (1.0, 2.0):
            bucket.write(f"m,a=x\\ y,b=1 v={value} {AT}".encode(), Precision.MS)
            assert held(bucket, "m", a="x y")[("a", "x y"), ("b", "1")] == {AT * NANO: {"v": value}}
            bucket.delete("m", {"a": "x y"}, EVER)
            assert held(bucket, "m") == {}

    def test_deleting_what_is_not_there_is_nothing(self, bucket: Bucket) -> None:
        bucket.delete("m", {"a": 'it\'s "quoted" \\ so'}, EVER)
        bucket.delete("m", {}, (5, 5))

    def test_a_foreign_type_leaves_out_that_point_only(self, bucket: Bucket) -> None:
        bucket.write(f"m v=1.0 {AT}".encode(), Precision.MS)
        answer = bucket.write(lines(f"m v=1i {AT + 1}", f"m v=2.0 {AT + 2}", f"n v=1i {AT}"), Precision.MS)
        assert (answer.left, answer.dropped) == (Left.TYPE, 1)
        assert list(held(bucket, "m")[()]) == [AT * NANO, (AT + 2) * NANO]
        assert held(bucket, "n")[()] == {AT * NANO: {"v": 1}}

    def test_the_newest_point_is_told(self, bucket: Bucket) -> None:
        assert bucket.newest("m", {"a": "1"}) is None
        bucket.write(
            lines(f"m,a=1 v=1.0 {AT}", f"m,a=1 v=2.0 {AT + 5}", f"m,a=2 v=3.0 {AT + 9}"), Precision.MS
        )
        found = bucket.newest("m", {"a": "1"})
        assert found is not None
        assert (found[0], found[1]["v"]) == ((AT + 5) * NANO, 2.0)

    def test_it_is_there(self, bucket: Bucket) -> None:
        assert bucket.facts().there is True
