#!/bin/bash
# Builds Avocet and encodes the built-in scene, or the video file given:
#
#     ./demo.sh [VIDEO] [options of "avocet encode"]
#
# Leaves out/demo.264, which any player plays, and out/demo.png, a strip of its pictures; prints bit rate, PSNR, SSIM and
# pictures per second.
set -eu
cd "$(dirname "$0")"
. scripts/packages.sh

# The first argument may be a path seen from where the user stands.
input=testsrc
if [ $# -gt 0 ] && [ "${1#-}" = "$1" ]; then
    input=$1
    case $input in /* | testsrc) ;; *) input=${OLDPWD:-$PWD}/$input ;; esac
    shift
fi

build_packages="gcc libc6-dev make cmake pkg-config"
more_packages="ffmpeg libpng-dev libjpeg-dev libavformat-dev libavcodec-dev libswscale-dev"
if ! need_packages $build_packages; then
    for tool in cc make cmake; do
        command -v $tool >/dev/null 2>&1 || { echo "$tool is missing: cannot build."; exit 1; }
    done
fi
# For other video formats and for checking the result by a foreign decoder; the demonstration works without.
need_packages $more_packages || echo "Going on without them."

mkdir -p build out
log=build/demo.log
echo "Building (takes a minute; $log)"
cmake -S . -B build -DCMAKE_BUILD_TYPE=Release -DAVOCET_TESTS=OFF >$log 2>&1 || { tail -n 20 $log; exit 1; }
cmake --build build --parallel "$(nproc)" >>$log 2>&1 || { tail -n 40 $log; exit 1; }

recon=()
command -v ffmpeg >/dev/null 2>&1 || recon=(--recon out/demo.y4m)
echo "Encoding $input"
build/avocet encode --psnr --ssim --json out/demo.json "${recon[@]}" "$@" "$input" -o out/demo.264

value() { sed -nE "s/.*\"$1\": ([0-9.]+).*/\1/p" out/demo.json | head -n 1; }
pictures=$(value pictures)

# Six pictures, evenly spaced: decoded by FFmpeg where it is installed, else from the encoder's own reconstruction.
if command -v ffmpeg >/dev/null 2>&1; then
    step=$(((pictures + 5) / 6))
    [ "$step" -ge 1 ] || step=1
    ffmpeg -v error -nostdin -y -i out/demo.264 -vf "select='not(mod(n,$step))',scale=426:-2,tile=3x2" -frames:v 1 out/demo.png
elif command -v python3 >/dev/null 2>&1; then
    python3 scripts/picture_strip.py out/demo.y4m out/demo.png
else
    echo "Neither ffmpeg nor python3: no picture strip."
fi

echo
LC_ALL=C printf 'out/demo.264: %sx%s, %s pictures, %.0f kb/s, PSNR Y %.2f dB, SSIM %.4f, encoded at %.1f pictures/s\n' \
    "$(value width)" "$(value height)" "$pictures" "$(value kbps)" "$(value psnr_y)" "$(value ssim)" \
    "$(tail -n 3 out/demo.json | sed -nE 's/.*"fps": ([0-9.]+).*/\1/p')"
echo "Play it: ffplay out/demo.264 (or mpv, vlc). Pictures: out/demo.png"
