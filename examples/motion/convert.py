"""Makes motion.npz from seglearn's watch_dataset.npy.

    pip download --no-deps seglearn==1.2.5 && unzip seglearn-1.2.5-*.whl seglearn/data/watch_dataset.npy
    python3 convert.py seglearn/data/watch_dataset.npy motion.npz        (needs numpy)

140 recordings at 50 Hz are averaged in pairs (25 Hz), put one after the other and stored as int8:
acceleration in steps of 1/32 g, angular velocity in steps of 1/14 rad/s, both saturating. The source
is a Python pickle; it is loaded here once so that nothing else ever has to.
"""

import io
import sys
import zipfile

import numpy as np

STEPS = np.array([32, 32, 32, 14, 14, 14], dtype=np.float64)  # per g and per rad/s


def main(source: str, target: str) -> None:
    data = np.load(source, allow_pickle=True).item()
    rows = {"x": [], "y": [], "subject": [], "series": []}
    for index, series in enumerate(data["X"]):
        even = series[: len(series) // 2 * 2]
        half = even.reshape(-1, 2, 6).mean(axis=1)
        quantised = np.clip(np.rint(half * STEPS), -127, 127).astype(np.int8)
        rows["x"].append(quantised)
        for key, value in (("y", data["y"][index]), ("subject", data["subject"][index]), ("series", index)):
            rows[key].append(np.full(len(quantised), value, dtype=np.uint8))
    # Written by hand instead of numpy.savez_compressed: best compression, and no time stamps.
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for key, parts in rows.items():
            buffer = io.BytesIO()
            np.save(buffer, np.ascontiguousarray(np.concatenate(parts)))
            archive.writestr(zipfile.ZipInfo(f"{key}.npy", (1980, 1, 1, 0, 0, 0)), buffer.getvalue(), zipfile.ZIP_DEFLATED, 9)


if __name__ == "__main__":
    main(*sys.argv[1:])
