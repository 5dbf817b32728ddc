# An image that runs with read-only files, without network and as nobody:
#     docker build -t sinterface .
#     docker run --rm --read-only --tmpfs /tmp --network none --cap-drop ALL --memory 2g sinterface run pc-LNMO -T 500
# Outputs go to a folder of yours that user 65534 may write to:  -v "$PWD/output:/output"  with  -o run.nc
# Compiled code is made while the image is built, for the processor it is built on; on another one it is compiled in
# memory, in half a minute.  Where a container can not run, tests/simulate/read_only.sh makes the same mounts.
FROM python:3.12-slim AS build
COPY . /src
RUN python -m pip wheel --no-cache-dir --no-deps --wheel-dir /wheels /src

FROM python:3.12-slim
COPY --from=build /wheels /wheels
RUN python -m pip install --no-cache-dir /wheels/*.whl && rm -r /wheels

# numba keeps compiled code where the first variable says, and it is read from there when nothing can be written
ENV NUMBA_CACHE_DIR=/opt/compiled MPLCONFIGDIR=/tmp/matplotlib PYTHONDONTWRITEBYTECODE=1
WORKDIR /output
RUN sinterface run pc-LNMO -T 500 > /dev/null \
    && sinterface reactions pc-LCO -T 700 > /dev/null \
    && chmod -R a+rX /opt/compiled \
    && chown 65534:65534 /output

USER 65534:65534
ENTRYPOINT ["sinterface"]
CMD ["--help"]
