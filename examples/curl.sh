#!/usr/bin/env bash
# A token, then a picture in each of the three ways: examples/curl.sh PICTURE
set -euo pipefail
address="${CLIENT_URL:-http://127.0.0.1:8000}"
picture="$1"

token="$(curl -sS --fail-with-body "$address/realms/Production/protocol/openid-connect/token" \
    -d client_id=ltu-api -d grant_type=password \
    --data-urlencode "username=$CLIENT_USER" --data-urlencode "password=$CLIENT_PASSWORD" |
    sed 's/.*"access_token":"\([^"]*\)".*/\1/')"
ask() { curl -sS --fail-with-body -H "Authorization: Bearer $token" "$@"; }

# As a file.
ask "$address/v2/services/image/colorPalette" -F "image=@$picture" -F count=3
echo

# As base64 text.
base64 "$picture" | tr -d '\n' |
    ask "$address/v2/services/image/imageQuality" --data-urlencode image@- | cut -c 1-60

# By its address, if the service may fetch it.
if [ -n "${PICTURE_URL:-}" ]; then
    ask --get "$address/v2/services/image/classification" --data-urlencode "image=$PICTURE_URL"
    echo
fi

# The picture of an answer itself.
ask -H "Accept: image/png" "$address/v2/services/image/edges" -F "image=@$picture" -o edges.png
echo "edges.png"
