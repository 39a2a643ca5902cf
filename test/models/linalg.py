# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""std.linalg and the canonical correlations of std.explain, beside NumPy's LAPACK in f64.

REQUIRES: numpy
RUN: %python %s %S/Inputs/linalg.weft
"""
import sys
import tempfile

import numpy as np

import library


def near(what, ours, theirs, limit=1e-5):
    theirs = np.asarray(theirs)
    error = np.abs(ours - theirs).max(initial=0) / max(np.abs(theirs).max(initial=0), 1e-30)
    print(f"{what}: relative error {error:.1e}")
    if ours.shape != theirs.shape or not error <= limit:
        sys.exit(f"{what}: {ours.shape}, {theirs.shape}, relative error {error:.1e}")


def orthogonal(what, v, limit=1e-5):
    near(f"{what}: orthogonal", v.T @ v, np.eye(v.shape[1]), limit)


def symmetric(random):
    """Matrices with far, near, repeated and no eigenvalues; of odd, even and extreme sizes."""
    for n in (1, 2, 3, 8, 33, 64):
        a = random.standard_normal((n, n))
        yield f"{n} x {n}", a + a.T
    turn = np.linalg.qr(random.standard_normal((6, 6)))[0]
    yield "repeated", turn @ np.diag([1, 1, 1, 2, 2, -3]) @ turn.T
    yield "ones", np.ones((9, 9))
    yield "zeros", np.zeros((4, 4))
    yield "units", np.eye(5)
    yield "large", 1e30 * (turn + turn.T)
    yield "small", 1e-30 * (turn + turn.T)
    yield "of no size", np.zeros((0, 0))


def decompositions(model, alone, random):
    for name, a in symmetric(random):
        single = a.astype("f4")
        w, v = model.call("eigh", a=single)
        near(f"eigh, {name}", w, np.linalg.eigvalsh(single.astype("f8")))
        near(f"eigh, {name}: back", (v * w) @ v.T, single)
        orthogonal(f"eigh, {name}", v)
        w, v = model.call("eigh64", a=a)
        near(f"eigh in f64, {name}", w, np.linalg.eigvalsh(a), 1e-13)
        orthogonal(f"eigh in f64, {name}", v, 1e-13)
    x = random.standard_normal((64, 33)).astype("f4")
    for one, two in zip(alone.call("svd", x=x), model.call("svd", x=x)):
        assert one.tobytes() == two.tobytes(), "another number of threads gives other bits"
    for m, n in ((5, 3), (40, 12), (7, 7), (3, 5), (50, 1), (1, 4), (64, 33), (0, 3), (3, 0)):
        x = random.standard_normal((m, n)).astype("f4")
        least = min(m, n)
        u, s, v = model.call("svd", x=x)
        near(f"svd, {m} x {n}", s[:least], np.linalg.svd(x.astype("f8"), compute_uv=False))
        assert (s[least:] <= 1e-6 * s.max(initial=0)).all()
        near(f"svd, {m} x {n}: back", (u * s) @ v.T, x)
        orthogonal(f"svd, {m} x {n}: u", u[:, :least])
        orthogonal(f"svd, {m} x {n}: v", v)


def gradients(model, random):
    a, b = random.standard_normal((2, 7, 7)).astype("f4")
    a = a + a.T
    slope = b @ a @ a + a @ b @ a + a @ a @ b
    near("gradient of eigh", model.call("eigh_gradient", a=a, b=b), (slope + slope.T) / 2)
    for m, n in ((7, 4), (5, 5)):
        x, b = random.standard_normal((2, m, n)).astype("f4")
        slope = b @ x.T @ x + x @ b.T @ x + x @ x.T @ b
        near(f"gradient of svd, {m} x {n}", model.call("svd_gradient", x=x, b=b), slope)


def directions(x, variance):
    u, s, _ = np.linalg.svd(x - x.mean(0), full_matrices=False)
    before = (np.cumsum(s ** 2) - s ** 2) / (s ** 2).sum()
    return u[:, (before < variance) & (s > 1e-5 * s.max())]


def correlations(x, y, variance):
    """The mean, and the mean weighted by projections."""
    u, v = directions(x, variance), directions(y, variance)
    turn, rho, _ = np.linalg.svd(u.T @ v, full_matrices=False)
    weight = np.abs((u @ turn).T @ (x - x.mean(0))).sum(1)
    return rho.mean(), (weight * rho).sum() / weight.sum()


def likeness(model, random):
    for count, p, q in ((60, 7, 11), (50, 9, 3), (40, 6, 6)):
        x = random.standard_normal((count, p)).astype("f4") * np.linspace(3, 0.3, p, dtype="f4") + 1
        y = random.standard_normal((count, q)).astype("f4")
        y[:, :2] += x[:, :2]
        doubled = np.concatenate([x, x[:, :2] - x[:, 1:3]], 1)  # of a rank below its width
        for name, one in (("", x), (", of low rank", doubled)):
            double = one.astype("f8"), y.astype("f8")
            some, whole, weighted = model.call("likeness", x=one, y=y)
            near(f"SVCCA{name}", some, correlations(*double, 0.9)[0])
            near(f"mean CCA{name}", whole, correlations(*double, 1)[0])
            near(f"PWCCA{name}", weighted, correlations(*double, 1)[1])
        change = np.linalg.qr(random.standard_normal((p, p)))[0] * np.linspace(1, 2, p)
        near("mean CCA, x changed", model.call("likeness", x=x @ change.astype("f4"), y=y)[1], whole)
        near("PWCCA of x and x", model.call("likeness", x=x, y=x)[2], 1.0)


with tempfile.TemporaryDirectory() as folder:
    manifest, random = library.build(sys.argv[1], folder), np.random.default_rng(1)
    model, alone = library.Library(manifest, threads=2), library.Library(manifest, threads=1)
    decompositions(model, alone, random)
    gradients(model, random)
    likeness(model, random)
