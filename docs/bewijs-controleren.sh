#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# Made by `make docs` from gateway/evidence/vorm/leesmij.txt: the README.txt of every bundle.
# BEWIJSBUNDEL: ZELF NAGAAN, ZONDER PROGRAMMA'S VAN HET KNOOPPUNT
#
# Dit is een ASiC-E-container (ETSI EN 319 162-1): een ZIP met het bewijs van een
# bericht. Lees summary.html of summary.pdf voor wat er in staat. Hieronder staat
# hoe u het nagaat met een gewone shell, openssl 3, de opdrachten van GNU (zoals op
# Linux) en zo nodig xmlsec1. Met het knooppunt zelf kan het ook: knooppunt evidence
# verify BUNDEL --trust MAP. De stappen en hun nummers zijn dezelfde.
#
# NEEM DEZE OPDRACHTEN NIET HIERUIT als u wilt weten of het knooppunt zelf u
# misleidt: wie de bundel vervalst, vervalst deze tekst mee. Ze staan ook, gelijk
# voor elke bundel, in docs/bewijs-controleren.sh bij de broncode van Knooppunt.
# Haal ze daar, en niet bij wie u de bundel gaf; wat in deze bundel staat, bewijst
# niets tegen een knooppunt dat bedriegt.
#
#   cd MAP-MET-DE-UITGEPAKTE-BUNDEL
#   sh /elders/bewijs-controleren.sh /pad/naar/uw/vertrouwen
#
# Er komt een regel per stap: goed, niet aangetoond, of FOUT met de reden. Bij de
# eerste fout houdt het op (exitcode niet 0). Wat in de bundel ontbreekt is niet
# aangetoond, en geen fout; moet een stap voor u aangetoond zijn, noem dan zijn
# nummer: sh bewijs-controleren.sh /pad/naar/uw/vertrouwen "9 15 17".
#
# V is de map met wat U vertrouwt, buiten deze bundel om gekregen: root.pem,
# intermediate.pem, crl.pem, policy (met de sleutels van het logboek en die van de
# getuigen), zegel-gateway.pem, zegel-cbs.pem, tsa.pem, tsa_ca.pem, idp.jwks,
# deelnemers.json en de zegels van de gemeenten. Een ouder certificaat staat er naast, onder zijn
# serienummer (zegel-gateway-SERIENUMMER.pem): zijn OIN telt voor wat uit de tijd is
# dat het gold. Vergelijk alle met wat anderen hebben, en haal crl.pem zo nu en dan
# opnieuw. In de map trust van deze bundel staan zulke bestanden ook, voor het
# gemak, zoals ze waren toen hij werd gemaakt; ze worden hieronder niet gebruikt.
#
set -eu
export LC_ALL=C
V=${1:-/pad/naar/uw/vertrouwen}
EIS=${2:-}
kan_niet() { printf 'NIET IN ORDE: %s; er is niets nagegaan\n' "$1"; exit 1; }
for g in openssl date sed awk grep od cmp comm base64 find sort head tail tr cut fold paste mktemp basename wc; do
  command -v "$g" > /dev/null || kan_niet "$g is er niet, en deze opdrachten hebben het nodig"
done
case $(openssl version 2>&1) in OpenSSL\ [3-9]*) ;; *) kan_niet "openssl is hier $(openssl version 2>&1 | head -n 1); versie 3 van OpenSSL is nodig, of een nieuwere";; esac
test "$(date -u -d '@86400' '+%F' 2>&1)" = 1970-01-02 || kan_niet "date kent hier geen -d; die van GNU (coreutils) is nodig"
test "$(printf 'wat\n' | base64 -w 0 2>&1)" = d2F0Cg== || kan_niet "base64 kent hier geen -w; die van GNU (coreutils) is nodig"
test "$(printf 'a12\nb\n' | sed -n '/a[0-9]\{2,\}/{n;s/\(b\)/\1c/p;}' 2>&1)" = bc || kan_niet "sed doet hier iets anders; die van GNU is nodig"
test "$(printf '{"at":1}' | grep -aoE '"[a-z]+":' 2>&1)" = '"at":' || kan_niet "grep kent hier geen -a, -o of -E; die van GNU is nodig"
N=0; NAAM=begin; OPEN=; A=
W=$(mktemp -d)
exec 3>&1
trap 'rc=$?; rm -rf "$W"; test "$rc" = 0 || zeg "NIET IN ORDE: gestopt bij stap $N ($NAAM)" >&3' EXIT
stap() { N=$1; NAAM=$2; }
zeg() { printf '%s\n' "$*"; } # echo leest in sommige shells \n in een waarde als een nieuwe regel
toon() { zeg "$(printf %s "$1" | tr -c '[:print:]' '?')" >&3; } # op een regel
goed() { toon "stap $N $NAAM: goed: $1"; }
fout() { toon "stap $N $NAAM: FOUT: $1"; exit 1; }
open() {
  case " $EIS " in *" $N "*) fout "niet aangetoond: $1";; esac
  toon "stap $N $NAAM: niet aangetoond: $1"
  OPEN="$OPEN $N"
}
gaat() {
  waarom=$1; shift
  "$@" > "$W/uit" 2>&1 || fout "$waarom ($(grep -iE 'error|fail' "$W/uit" | tail -n 1 | tr -cd '[:print:]' | cut -c1-200))"
}
for b in root.pem intermediate.pem crl.pem zegel-gateway.pem; do
  test -f "$V/$b" || fout "$V/$b is er niet: u gaat uit van wat u zelf vertrouwt"
done
P=$V/policy; test -f "$P" || P=/dev/null
#
# WAT VAKER NODIG IS. De SHA-256 van een bestand; wie er in een certificaat staat;
# de certificaten en intrekkingslijsten van uw map, elk apart.
#
som() { openssl dgst -sha256 -binary < "$1" | base64 -w 0; }
sha() { openssl dgst -sha256 -r < "$1" | cut -c1-64; }
wie() { openssl x509 -in "$1" -noout -subject -nameopt multiline | sed -n "s/^ *$2 *= //p"; }
oin() { test "$(wie "$1" serialNumber | wc -l)" != 1 || wie "$1" serialNumber; }
oins() { # oins NAAM MOMENT: dat van NAAM.pem, en die van oudere (NAAM-SERIENUMMER.pem) die toen golden
  {
    oin "$V/$1.pem"
    for ouder in "$V/$1"-*.pem; do
      nummer=${ouder#"$V/$1-"}
      case ${nummer%.pem} in *[!0-9a-f]*) continue;; esac
      van_af=$(openssl x509 -in "$ouder" -noout -startdate); tot_en=$(openssl x509 -in "$ouder" -noout -enddate)
      if test "$(date -u -d "${van_af#*=}" +%s)" -le "$2" && test "$(date -u -d "${tot_en#*=}" +%s)" -ge "$2"; then oin "$ouder"; fi
    done
  } | paste -sd ' ' -
}
een_van() { for dit in $2; do if test "$dit" = "$1"; then return; fi; done; false; } # een_van OIN LIJST
los() { awk -v w="$W/$1" -v b="BEGIN $2" 'index($0, b) {n++; aan = 1} aan {print > (w "-" n ".pem")} /-----END/ {aan = 0}'; }
afdruk() { openssl x509 -in "$1" -outform DER | openssl dgst -sha256 -r | cut -c1-64; }
samen() { for b in "$@"; do test ! -f "$b" || { cat "$b"; zeg; }; done; }
samen "$V/tsa.pem" "$V"/tsa-*.pem "$V/tsa_ca.pem" > "$W/diensten"
samen "$V/root.pem" "$W/diensten" > "$W/tsa-ca.pem"
samen "$W/diensten" "$V/root.pem" "$V/intermediate.pem" > "$W/ca.pem"
los dienst CERTIFICATE < "$W/diensten"
los ca CERTIFICATE < "$W/ca.pem"
samen "$W/diensten" "$V/crl.pem" | los crl 'X509 CRL'
for een in "$W"/ca-*.pem; do
  zeg "$(openssl x509 -in "$een" -noout -subject_hash) $een" >> "$W/uitgevers"
done
for een in "$W"/crl-*.pem; do
  test -f "$een" || fout "$V/crl.pem is leeg"
  openssl crl -in "$een" -CAfile "$W/ca.pem" -noout -hash -nextupdate -text > "$een.tekst" 2> "$W/uit"
  grep -q 'verify OK' "$W/uit" || fout "een lijst in $V/crl.pem is niet van haar uitgever"
done
#
# Een certificaat moet geldig zijn geweest op het moment dat telt, en toen niet
# ingetrokken: dat het nu verlopen is, of later is ingetrokken, doet geen kwaad.
# Openssl kijkt zelf niet naar de datum van intrekking (-crl_check weigert dan ook
# wat er voor werd getekend); daarom wordt die hier vergeleken.
#
geldig() { # geldig CERTIFICAAT MOMENT [OPTIE...]
  c=$1; m=$2; shift 2
  gaat "het certificaat van $(oin "$c") deugde niet op $(date -u -d "@$m" '+%F %T') UTC" openssl verify "$@" -attime "$m" -CAfile "${A:-$V/root.pem}" -untrusted "$V/intermediate.pem" "$c"
  diep=0
  while zelf=$(openssl x509 -in "$c" -noout -subject_hash) uitgever=$(openssl x509 -in "$c" -noout -issuer_hash) && test "$zelf" != "$uitgever"; do
    niet_ingetrokken "$c" "$uitgever" "$m"
    c=$(sed -n "s/^$uitgever //p" "$W/uitgevers" | tail -n 1)
    diep=$((diep + 1))
    test -n "$c" && test "$diep" -lt 6 || fout "een uitgever staat niet in uw map"
  done
}
niet_ingetrokken() { # niet_ingetrokken CERTIFICAAT UITGEVER MOMENT
  nummer=$(openssl x509 -in "$1" -noout -serial | cut -d= -f2)
  lijst=
  for een in "$W"/crl-*.tekst; do
    grep -qE "^(issuer name hash=)?$2\$" "$een" || continue
    tot=$(sed -n 's/^nextUpdate=//p' "$een")
    test "$tot" = NONE || test "$(date -u -d "$tot" +%s)" -ge "$3" || continue
    lijst=$een
    sinds=$(sed -n "/^ *Serial Number: $nummer\$/{n;s/^ *Revocation Date: //p;}" "$een")
    test -z "$sinds" || test "$(date -u -d "$sinds" +%s)" -gt "$3" || fout "het certificaat van $(oin "$1") is ingetrokken sinds $sinds"
  done
  test -n "$lijst" || fout "uw crl.pem heeft geen lijst van de uitgever van $(oin "$1") die op dat moment telde"
}
#
# Een tijdstempel (RFC 3161) moet van een tijdstempeldienst uit uw map zijn (tsa.pem,
# oudere als tsa-NUMMER.pem, een van elders met zijn uitgevers en hun lijsten als
# tsa_ca.pem), en niet van een ander onder dezelfde uitgever: met een van die
# certificaten gezet, of met een dat hetzelfde OIN heeft. S is dan de tijd, in seconden.
#
stempel() { # stempel TOKEN BESTAND
  gaat "$1 is geen tijdstempel" openssl cms -verify -inform DER -in "$1" -noverify -signer "$W/stempelaar.pem" -out "$W/tst"
  tijd=$(openssl asn1parse -inform DER -in "$W/tst" | sed -n 's/.*GENERALIZEDTIME *:\([0-9]\{14\}\).*/\1/p' | head -n 1)
  S=$(date -u -d "$(zeg "$tijd" | sed 's/\(....\)\(..\)\(..\)\(..\)\(..\)\(..\)/\1-\2-\3 \4:\5:\6/')" +%s)
  gaat "$1 is geen tijdstempel over $2" openssl ts -verify -token_in -in "$1" -data "$2" -attime "$S" -CAfile "$W/tsa-ca.pem" -untrusted "$V/intermediate.pem"
  test -f "$W/dienst-1.pem" || fout "uw map heeft geen tsa.pem: van wie $1 moet zijn, is niet bekend"
  van=$(oin "$W/stempelaar.pem"); zijn=$(afdruk "$W/stempelaar.pem"); bekend=; diensten=
  for een in "$W"/dienst-*.pem; do
    dienst=$(oin "$een"); diensten="$diensten $dienst"
    test "$(afdruk "$een")" != "$zijn" || bekend=ja
    test -z "$dienst" || test "$dienst" != "$van" || bekend=ja
  done
  test -n "$bekend" || fout "$1 is van OIN ${van:-onbekend}, niet van de tijdstempeldienst (OIN:$diensten), of met een ander certificaat gezet dan zij in uw map heeft"
  A=$W/tsa-ca.pem
  geldig "$W/stempelaar.pem" "$S" -purpose timestampsign
  A=
}
#
# Van een CMS-handtekening: precies een ondertekenaar, en wat die mee tekende (de
# signed attributes; zonder die is er niets om na te gaan).
#
tlv() { # tlv BESTAND PLAATS: T de soort, D waar de inhoud begint, X waar zij eindigt
  set -- "$2" $(tail -c +$(($2 + 1)) "$1" | head -c 5 | od -An -v -tu1)
  T=${2:-0}
  case ${3:-255} in
    129) D=$(($1 + 3)); X=$((D + $4));;
    130) D=$(($1 + 4)); X=$((D + $4 * 256 + $5));;
    131) D=$(($1 + 5)); X=$((D + $4 * 65536 + $5 * 256 + $6));;
    *) test "${3:-255}" -lt 128 || fout "een handtekening is niet in DER"
       D=$(($1 + 2)); X=$((D + $3));;
  esac
}
tekende_mee() { # tekende_mee P7S: in attr
  tlv "$1" 0; tlv "$1" $D; tlv "$1" $X; tlv "$1" $D; tlv "$1" $D
  tlv "$1" $X; tlv "$1" $X; tlv "$1" $X
  while test $T = 160 || test $T = 161; do tlv "$1" $X; done
  test $T = 49 || fout "$1 is geen CMS-handtekening"
  einde=$X; tlv "$1" $D
  test $X = $einde || fout "$1 heeft niet precies een ondertekenaar"
  tlv "$1" $D; tlv "$1" $X; tlv "$1" $X; van=$X; tlv "$1" $X
  test $T = 160 || fout "$1 tekent niets mee (signed attributes)"
  { printf '\061'; tail -c +$((van + 2)) "$1" | head -c $((X - van - 1)); } > "$W/attr"
}
mee() { # mee WAT: de regel met de waarde daarvan, in mee
  openssl asn1parse -inform DER -in "$W/attr" > "$W/regels"
  test "$(grep -ac "OBJECT *:$1\$" "$W/regels")" = 1 || fout "er is geen $1 mee getekend, of meer dan een"
  sed -n "/OBJECT *:$1\$/{n;n;p;}" "$W/regels" > "$W/mee"
}
#
# Een getal telt pas als het er een is zoals JSON het schrijft, van hoogstens 15
# cijfers: met een nul ervoor is het voor een shell een ander getal (achttallig).
# Van een blad: een veld, wat het als bewijs noemt (met SHA-256), en de namen die
# het vastlegt. Van een XML-bestand: de inhoud van het enige element met
# die naam; wat anders te lezen is dan het er staat (commentaar en dergelijke),
# wordt niet gelezen.
#
getal() { case $1 in ''|0?*|*[!0-9]*|????????????????*) return 1;; esac; }
veld() { sed -n 's/^.*[{,]"'"$2"'":"\([^"]*\)".*$/\1/p; s/^.*[{,]"'"$2"'":\([0-9][0-9]*\)[,}].*$/\1/p' "log/leaves/$1.json"; }
bewijzen() { sed -n 's/^.*[{,]"evidence":\[\([^]]*\)\].*$/\1/p' "log/leaves/$1.json" | tr -d '"' | tr ',' '\n'; }
genoemd() { bewijzen "$1" | grep -qxF -e "$2:$(sha "$3")"; } # genoemd BLAD SOORT BESTAND
geopend() { # geopend BLAD VELD: de naam die daar is vastgelegd, zoals JSON haar schrijft
  test ! -f "openings/$1.jsonl" || sed -n 's/^{"label":"'"$2"'","salt":"[^"]*","value":"\(.*\)"}$/\1/p' "openings/$1.jsonl"
}
kaal() {
  head -n 1 "$1" | grep -q '^<?xml version="1.0" encoding="UTF-8"?>' || fout "$1 begint niet zoals zulke XML"
  test "$(grep -o '<?' "$1" | wc -l)" = 1 && ! grep -q '<!' "$1" || fout "$1 heeft commentaar of een andere vorm die iets kan verbergen"
}
een() { # een NAAM BESTAND
  test "$(tr '\n\t\r' '   ' < "$2" | grep -oE "<([A-Za-z0-9_.-]+:)?$1[ />]" | wc -l)" = 1 || fout "$2 heeft niet precies een element $1"
  tr '\n\t\r' '   ' < "$2" | sed -n "s/^.*<\([A-Za-z0-9_.-]*:\)\{0,1\}$1>\([^<]*\)<.*\$/\2/p"
}
#
# 1. CONTAINER. Dat het een ZIP was die iedereen hetzelfde uitpakt, zegt evidence
# verify; wat hier telt is wat er uit kwam: gewone bestanden, niets anders.
#
stap 1 container
test "$(cat mimetype)" = application/vnd.etsi.asic-e+zip || fout "dit is geen uitgepakte bundel: mimetype"
test -z "$(find . ! -type f ! -type d)" || fout "er zit iets in dat geen bestand is"
test -z "$(find . ! -name . -name '*[!A-Za-z0-9._-]*')" || fout "er zit iets in met een teken in zijn naam dat een bundel niet heeft"
goed "uitgepakt, alleen bestanden"
#
# 2. MANIFEST. Ieder bestand is zoals het verzegeld is, en er is niets bijgekomen.
# Het manifest noemt elk bestand met zijn SHA-256.
#
stap 2 manifest
opsomming() { # opsomming MANIFEST ZEGEL WAT-ER-NIET-IN-STAAT
  grep -qF -e "<SigReference URI=\"$2\"" "$1" || fout "$1 noemt een ander zegel"
  sed -n 's/^<DataObjectReference URI="\([^"]*\)".*/\1/p; s/^<ds:DigestValue>\(.*\)<.*/\1/p' "$1" > "$W/lijst"
  sed -n 'p;n' "$W/lijst" | sort > "$W/genoemd"
  find . -type f | sed 's,^\./,,' | grep -vE "^($3)\$" | sort > "$W/gevonden"
  anders=$(comm -3 "$W/genoemd" "$W/gevonden" | head -n 1 | tr -cd '[:graph:]')
  test -z "$anders" || fout "$anders: te veel of te weinig naar $1"
  while read -r bestand && read -r wil; do
    test "$(som "./$bestand")" = "$wil" || fout "$bestand is veranderd sinds $1"
  done < "$W/lijst"
}
opsomming META-INF/ASiCManifest.xml META-INF/signature.p7s 'mimetype|META-INF/(ASiCManifest.xml|signature.p7s|ASiCArchiveManifest.xml|timestamp.tst)'
goed "$(wc -l < "$W/genoemd") bestanden, elk zoals het er in staat"
#
# 3. TIME. Het tijdstempel over de bundel: dan was alles in de bundel er toen al.
#
stap 3 time
MOMENT=
if test ! -f META-INF/timestamp.tst; then
  open "er is geen tijdstempel over de hele bundel"
else
  opsomming META-INF/ASiCArchiveManifest.xml META-INF/timestamp.tst 'mimetype|META-INF/(ASiCArchiveManifest.xml|timestamp.tst)'
  stempel META-INF/timestamp.tst META-INF/ASiCArchiveManifest.xml
  MOMENT=$S
  goed "gestempeld op $(date -u -d "@$S" '+%F %T') UTC"
fi
#
# 4. SEAL. Het manifest is verzegeld door het knooppunt (CMS, CAdES-B-B), en niet
# door een ander met een certificaat van dezelfde uitgever: vergelijk het OIN.
#
stap 4 seal
tekende_mee META-INF/signature.p7s
mee signingTime
tijd=$(sed -n 's/.*UTCTIME *:\([0-9]\{12\}\)Z$/20\1/p' "$W/mee" | sed 's/\(....\)\(..\)\(..\)\(..\)\(..\)\(..\)/\1-\2-\3 \4:\5:\6/')
test -n "$tijd" || fout "het zegel zegt niet van wanneer het is"
VERZEGELD=; test -n "$MOMENT" || VERZEGELD=$(date -u -d "$tijd" +%s)
MOMENT=${MOMENT:-$VERZEGELD}
gaat "het zegel past niet op META-INF/ASiCManifest.xml" openssl cms -verify -cades -binary -inform DER -in META-INF/signature.p7s -content META-INF/ASiCManifest.xml -attime "$MOMENT" -CAfile "$V/root.pem" -certfile "$V/intermediate.pem" -purpose any -signer "$W/zegel.pem" -out /dev/null
van=$(oin "$W/zegel.pem"); wil=$(oins zegel-gateway "$MOMENT")
test -n "$wil" || fout "in uw zegel-gateway.pem staat geen OIN, of meer dan een: van wie het zegel moet zijn, is niet bekend"
een_van "$van" "$wil" || fout "het is het zegel van OIN $van, niet dat van het knooppunt ($wil)"
test -z "$(wie "$W/zegel.pem" pseudonym)" || fout "het is het zegel van een medewerker"
geldig "$W/zegel.pem" "$MOMENT"
goed "verzegeld door OIN $van, naar eigen zeggen op $tijd UTC"
#
# 5. INDEX. Wat evidence.json van het bericht zegt, staat ook in de bladen, en elk
# bestand heeft zijn plaats. Niet na te gaan: de namen die er in staan.
#
stap 5 index
ls log/leaves | sed 's/\.json$//' | sort -n > "$W/bladen"
test -s "$W/bladen" || fout "er zijn geen bladen"
for i in $(cat "$W/bladen"); do
  zeg "$i" | grep -qE '^(0|[1-9][0-9]{0,14})$' && test -f "log/leaves/$i.json" || fout "log/leaves: een blad heet naar zijn nummer"
  getal "$(veld "$i" at)" || fout "log/leaves/$i.json: at is geen getal"
done
over() {
  sed -n '/^ "message": {$/,/^ }/p' evidence.json | sed -n 's/^  "'"$1"'": "\{0,1\}\([^",]*\)"\{0,1\},\{0,1\}$/\1/p' > "$W/over"
  test "$(wc -l < "$W/over")" = 1 || fout "evidence.json: $1"
  cat "$W/over"
}
test "$(grep -c '^ "message": {$' evidence.json)" = 1 && test "$(grep -c '^ "leaves": \[$' evidence.json)" = 1 || fout "evidence.json heeft niet de vorm die het hoort te hebben"
ID=$(over id); REF=$(over referentienummer); HEEN=$(over direction); CODE=$(over gemeentecode)
SOORT=$(over uitwisseling); SHA=$(over sha256); OMVANG=$(over size)
# Elk is zoals het knooppunt het maakt: een ULID, een UUID, en een van twee richtingen.
zeg "$ID" | grep -qE '^[0-9A-HJKMNP-TV-Z]{26}$' || fout "evidence.json: id"
zeg "$REF" | grep -qE '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$' || fout "evidence.json: referentienummer"
case $HEEN in heen|retour) ;; *) fout "evidence.json: direction";; esac
# Wat hieronder in een patroon of een som komt, mag niets anders zijn dan dat.
case $CODE in *[!0-9A-Za-z]*) fout "evidence.json: gemeentecode";; esac
case $SOORT in *[!a-z0-9-]*) fout "evidence.json: uitwisseling";; esac
getal "$OMVANG" || fout "evidence.json: size"
case $SHA in *[!0-9a-f]*) fout "evidence.json: sha256";; esac
test ${#SHA} = 64 || fout "evidence.json: sha256"
sed -n '/^ "leaves": \[$/,/^ \]/p' evidence.json | awk '/^   "index": (0|[1-9][0-9]*),$/ {i = $2 + 0} /^   "role": "[a-z]+"$/ {gsub("\"", "", $2); printf "%.0f %s\n", i, $2}' > "$W/rollen"
cut -d' ' -f1 "$W/rollen" | cmp -s - "$W/bladen" || fout "evidence.json noemt andere bladen dan er zijn, of niet in hun volgorde"
AAN=
while read -r i rol; do
  b="log/leaves/$i.json"; over_wie=$(veld "$i" msg); stroom=$(veld "$i" flow); soort=$(veld "$i" type)
  case $rol in
    message)
      test "$over_wie" = "$ID" && test "$(veld "$i" content)" = "$SHA" && test "$(veld "$i" size)" = "$OMVANG" && test "$(veld "$i" tenant)" = "$CODE" || fout "$b gaat over een ander bericht, andere bytes of een andere partij"
      test "$(veld "$i" object)" = "${SOORT:-onbekend}" || fout "$b is van een andere uitwisseling"
      case "$soort $(veld "$i" source)" in
        A.[12].*\ ggk|D.1.*\ rinis) ging=heen;;
        A.[12].*\ rinis|D.1.*\ ggk) ging=retour;;
        *) ging=$HEEN;;
      esac
      test "$ging" = "$HEEN" || fout "$b zegt $ging, evidence.json zegt bij direction $HEEN"
      test "$HEEN" != heen || test "$stroom" = "$REF" || fout "$b is van een ander referentienummer"
      test -n "$AAN" || AAN=$i;;
    answer)
      test -n "$over_wie" && test "$over_wie" != "$ID" && test "$stroom" = "$REF" || fout "$b is geen blad van een antwoord";;
    grant)
      test "$soort" = role.grant || test "$soort" = role.revoke || fout "$b is geen machtiging";;
    link)
      test "$soort" = pseudonym.link || fout "$b zegt niet van wie een pseudoniem is";;
    *) fout "evidence.json: blad $i is hier als $rol";;
  esac
done < "$W/rollen"
test -n "$AAN" || fout "er is geen blad van het bericht zelf"
while read -r i rol; do
  case $rol in grant|link) test "$i" -lt "$AAN" || fout "log/leaves/$i.json is van na de inlevering";; esac
done < "$W/rollen"
deel() { sed -n '/^   "name": "'"$1"'",$/{n;s/^   "state": "\([a-z]*\)",$/\1/p;}' evidence.json; }
for d in openings content metagegevens binding receipts; do
  er=absent; test ! -d "$d" || er=present
  zegt=$(deel "$d")
  test "$zegt" = redacted && test "$er" = absent || test "$zegt" = "$er" || fout "evidence.json zegt dat $d $zegt is, en het is $er"
done
vreemd=$(cat "$W/gevonden" "$W/genoemd" | grep -vE '^(README\.txt|evidence\.json|summary\.(html|pdf)|META-INF/(ASiCManifest\.xml|signature\.p7s|ASiCArchiveManifest\.xml|timestamp\.tst)|log/leaves/[0-9]+\.json|log/[0-9]+/([0-9]+\.tlog-proof|checkpoint|checkpoint\.tsr)|openings/[0-9]+\.jsonl|content/file(\.[a-z0-9]+)?|metagegevens/metagegevens\.xml|binding/(zegel\.p7s|eherkenning\.json)|receipts/[0-9]+\.xml|trust/(succession/)?[A-Za-z0-9._-]+)$' | head -n 1 | tr -cd '[:graph:]')
test -z "$vreemd" || fout "$vreemd: waar dat voor is, zegt evidence.json niet"
NIEUWST=$(veld "$(tail -n 1 "$W/bladen")" at)
LAATST=$((${NIEUWST:-0} / 1000))
test -z "$VERZEGELD" || test $((VERZEGELD + 300)) -ge "$LAATST" || fout "META-INF/signature.p7s zegt ouder te zijn dan een blad dat het verzegelt"
goed "bericht $REF, ingeleverd in blad $AAN"
#
# 6. LEAVES. Elk blad is een regel JSON in vaste vorm (RFC 8785), van een logboek.
#
stap 6 leaves
tekst='"[^"\\[:cntrl:]]*"'; paar="\"[a-z]+\":($tekst|0|[1-9][0-9]{0,14}|\\[($tekst(,$tekst)*)?\\])"
for i in $(cat "$W/bladen"); do
  b=log/leaves/$i.json
  test "$(wc -l < "$b")" = 0 && grep -aqE "^\\{$paar(,$paar)*\\}\$" "$b" || fout "$b heeft niet de vorm van een blad"
  grep -aoE '[{,]"[a-z]+":' "$b" | tr -d '{,":' > "$W/velden"
  sort -c -u "$W/velden" 2> /dev/null || fout "$b noemt een veld twee keer, of niet op volgorde"
  velden=" $(tr '\n' ' ' < "$W/velden")"
  for v in v origin at type event actor object action result source build; do
    case $velden in *" $v "*) ;; *) fout "$b mist het veld $v";; esac
  done
done
EERST=$(head -n 1 "$W/bladen")
LOGBOEK=$(veld "$EERST" origin)
for i in $(cat "$W/bladen"); do
  test "$(veld "$i" origin)" = "$LOGBOEK" || fout "log/leaves/$i.json is van een ander logboek"
done
goed "$(wc -l < "$W/bladen") bladen van $LOGBOEK"
#
# 7. PROOFS. Elk blad staat in het logboek (RFC 6962; c2sp.org/tlog-proof): van het
# blad omhoog rekenen tot de wortel die in het controlepunt staat.
#
stap 7 proofs
ls log | grep -v '^leaves$' | sort -n > "$W/punten" || fout "er is geen controlepunt"
knoop() { { printf '\001'; zeg "$1" | base64 -d; zeg "$2" | base64 -d; } | openssl dgst -sha256 -binary | base64 -w 0; }
bewezen() { # bewezen BEWIJS NUMMER BLAD CONTROLEPUNT
  p=$1; i=$2; n=$(sed -n 2p "$4")
  zeg "$n" | grep -qE '^[1-9][0-9]{0,14}$' || fout "$4 is geen controlepunt"
  test "$(sed -n 1p "$p")" = c2sp.org/tlog-proof@v1 && test "$(sed '/^$/q' "$p" | sed -n 's/^index //p')" = "$i" || fout "$p is niet het bewijs van blad $i"
  test "$i" -lt "$n" || fout "$4 is ouder dan blad $i"
  k=$i; l=$((n - 1))
  h=$( (printf '\000'; cat "$3") | openssl dgst -sha256 -binary | base64 -w 0)
  for s in $(sed -n '/^index /,/^$/p' "$p" | sed '1d;/^$/,$d'); do
    test "$l" != 0 && test "${#s}" = 44 || fout "$p heeft te veel stappen, of een van een andere lengte"
    if test $((k % 2)) = 1 || test "$k" = "$l"; then
      h=$(knoop "$s" "$h")
      while test $((k % 2)) = 0 && test "$k" != 0; do k=$((k / 2)); l=$((l / 2)); done
    else
      h=$(knoop "$h" "$s")
    fi
    k=$((k / 2)); l=$((l / 2))
  done
  test "$h" = "$(sed -n 3p "$4")" && test "$l" = 0 || fout "$3 leidt niet naar de wortel in $4: het blad staat niet zo in het logboek"
}
for punt in $(cat "$W/punten"); do
  c=log/$punt/checkpoint
  test "$(sed -n 2p "$c")" = "$punt" || fout "$c is niet van $punt bladen"
  ls "log/$punt" | sed -n 's/\.tlog-proof$//p' | sort -n | cmp -s - "$W/bladen" || fout "log/$punt: er zijn bewijzen te veel of te weinig; elk blad heeft er een"
  for blad in $(cat "$W/bladen"); do
    sed '1,/^$/d' "log/$punt/$blad.tlog-proof" | cmp -s - "$c" || fout "log/$punt/$blad.tlog-proof leidt naar een ander controlepunt"
    bewezen "log/$punt/$blad.tlog-proof" "$blad" "log/leaves/$blad.json" "$c"
  done
done
goed "elk blad onder het controlepunt van $(paste -s -d' ' "$W/punten") bladen"
#
# 8. CHECKPOINT. Het controlepunt is ondertekend met een sleutel van het logboek
# (Ed25519, c2sp.org/signed-note): een regel log van uw policy, of een .vkey. Bij
# een wisseling van sleutel zijn dat er meer; een regel onder het controlepunt
# hoort bij de sleutel met dezelfde naam en hetzelfde nummer (vier bytes). Kent u
# de nieuwe sleutel nog niet: in trust/succession ligt dan het blad dat hem noemt
# als opvolger, met het bewijs onder een controlepunt dat de oude ondertekende.
#
stap 8 checkpoint
regel() { # regel NAAM NUMMER CONTROLEPUNT: de handtekeningen daarvan, in base64
  sed '1,/^$/d' "$3" | while read -r streep naam code rest; do
    test "$streep" = '—' && test "$naam" = "$1" || continue
    test "$(zeg "$code" | base64 -d | head -c 4 | od -An -v -tx1 | tr -d ' \n')" != "$2" || zeg "$code"
  done
}
past() { # past SLEUTEL CODE TEKST
  (printf '\060\052\060\005\006\003\053\145\160\003\041\000'; zeg "${1#*+*+}" | base64 -d | tail -c 32) > "$W/publiek"
  zeg "$2" | base64 -d | tail -c 64 > "$W/handtekening"
  gaat "de handtekening van ${1%%+*} past niet op $c" openssl pkeyutl -verify -pubin -keyform DER -inkey "$W/publiek" -rawin -in "$3" -sigfile "$W/handtekening"
}
getekend() { # getekend CONTROLEPUNT: met welke van de sleutels, in tekenden
  c=$1; : > "$W/tekenden"
  test "$(sed -n 1p "$c")" = "$LOGBOEK" && test -z "$(sed -n 4p "$c")" || fout "$c is niet van $LOGBOEK"
  head -n 3 "$c" > "$W/tekst"
  while read -r sleutel; do
    nummer=${sleutel#*+}; nummer=${nummer%%+*}
    code=$(regel "$LOGBOEK" "$nummer" "$c" | head -n 1)
    test -n "$code" || continue
    past "$sleutel" "$code" "$W/tekst"
    zeg "$sleutel" >> "$W/tekenden"
  done < "$W/sleutels"
}
van_het_log() {
  while read -r sleutel; do
    test "${sleutel%%+*}" = "$LOGBOEK" && test "$(zeg "${sleutel#*+*+}" | base64 -d | head -c 1 | od -An -tu1 | tr -d ' ')" = 1 || continue
    zeg "$sleutel"
  done
}
{ awk '$1 == "log" {print $2}' "$P"; for b in "$V"/*.vkey; do test ! -f "$b" || cat "$b"; done; } | van_het_log > "$W/sleutels"
opvolger() { # opvolger BESTAND: of een bekende sleutel het controlepunt met dat blad tekende
  b=${1%.vkey}
  van_het_log < "$1" > "$W/nieuw"
  test -s "$W/nieuw" && test -f "$b.json" && test -f "$b.tlog-proof" && ! grep -qxF -e "$(cat "$W/nieuw")" "$W/sleutels" || return 1
  sed '1,/^$/d' "$b.tlog-proof" > "$W/punt"
  test "$(sed -n 1p "$W/punt")" = "$LOGBOEK" || return 1
  getekend "$W/punt"
  grep -aqE "^\\{$paar(,$paar)*\\}\$" "$b.json" && grep -aqF -e "\"content\":\"$(sha "$W/nieuw")\"" "$b.json" && grep -aqF -e '"type":"key.rotate"' "$b.json" && grep -aqF -e '"object":"log"' "$b.json" && grep -aqF -e "\"origin\":\"$LOGBOEK\"" "$b.json" || return 1
  oude=
  while read -r sleutel; do
    zeg "$sleutel" > "$W/oud"
    ! grep -aqF -e "\"vkey:$(sha "$W/oud")\"" "$b.json" || oude=1
  done < "$W/tekenden"
  test -n "$oude"
}
nog=ja
while test -n "$nog"; do
  nog=
  for s in trust/succession/*.vkey; do
    if test -f "$s" && opvolger "$s"; then
      bewezen "${s%.vkey}.tlog-proof" "$(basename "$s" .vkey)" "${s%.vkey}.json" "$W/punt"
      cat "$W/nieuw" >> "$W/sleutels"; nog=ja
    fi
  done
done
for punt in $(cat "$W/punten"); do
  getekend "log/$punt/checkpoint"
  test -s "$W/tekenden" || fout "log/$punt/checkpoint is met geen sleutel van het logboek ondertekend die in uw map staat, of daarop volgt"
done
goed "ondertekend met sleutel $(cut -d+ -f2 "$W/tekenden" | paste -s -d' ') van $LOGBOEK"
#
# 9. WITNESSES. De getuigen zagen hetzelfde logboek (c2sp.org/tlog-cosignature).
# Wie er minstens moeten tekenen, staat in uw policy (c2sp.org/tlog-policy).
#
stap 9 witnesses
genoeg=; tekenden=
quorum() { # quorum TEKENDEN
  awk -v wie=" $1 " '
    $1 == "witness" {telt[$2] = index(wie, " " $2 " ") > 0}
    $1 == "group" {
      leden = 0; for (i = 4; i <= NF; i++) leden += telt[$i]
      nodig = $3 == "all" ? NF - 3 : $3 == "any" ? 1 : $3 + 0
      telt[$2] = nodig > 0 && leden >= nodig
    }
    $1 == "quorum" {soort = $2}
    END {print soort == "none" || soort == "" ? "geen" : telt[soort] ? "ja" : "nee"}' "$P"
}
for punt in $(cat "$W/punten"); do
  c=log/$punt/checkpoint; zagen=
  awk '$1 == "witness" {print $2, $3}' "$P" > "$W/getuigen"
  while read -r getuige sleutel; do
    nummer=${sleutel#*+}; nummer=${nummer%%+*}
    code=$(regel "${sleutel%%+*}" "$nummer" "$c" | head -n 1)
    test -n "$code" || continue
    t=$(printf %d "0x$(zeg "$code" | base64 -d | head -c 12 | tail -c 8 | od -An -v -tx1 | tr -d ' \n')")
    { printf 'cosignature/v1\ntime %d\n' "$t"; head -n 3 "$c"; } > "$W/tekst"
    past "$sleutel" "$code" "$W/tekst"
    test $((t + 300)) -ge "$LAATST" || fout "$getuige tekende $c voordat een blad er in geschreven zegt te zijn"
    zagen="$zagen $getuige"
    toon "  $getuige tekende $c op $(date -u -d "@$t" '+%F %T') UTC"
  done < "$W/getuigen"
  test "$(quorum "$zagen")" != ja || { genoeg=$c; tekenden=$zagen; }
done
if test -n "$genoeg"; then
  goed "genoeg naar uw policy tekenden $genoeg:$tekenden"
elif test "$(quorum '')" = geen; then
  open "uw policy vraagt geen getuigen"
elif test "$(deel witnesses)" = present; then
  fout "evidence.json zegt dat getuigen tekenden; naar uw policy zijn het er niet genoeg"
else
  open "geen controlepunt is getekend door genoeg getuigen naar uw policy; dat anderen ditzelfde logboek zagen, is hiermee niet te bewijzen"
fi
#
# 10. TIMESTAMP. Het tijdstempel over het logboek, gezet over het controlepunt met
# alleen de eerste handtekening van het logboek: de eerste vijf regels.
#
stap 10 timestamp
gestempeld=
for s in log/*/checkpoint.tsr; do
  test -f "$s" || continue
  head -n 5 "${s%.tsr}" > "$W/kaal"
  gaat "$s is geen tijdstempel" openssl ts -reply -in "$s" -token_out -out "$W/token"
  stempel "$W/token" "$W/kaal"
  test $((S + 300)) -ge "$LAATST" || fout "$s is ouder dan een blad er in zegt te zijn"
  gestempeld="$s: $(date -u -d "@$S" '+%F %T') UTC"
done
if test -n "$gestempeld"; then
  goed "$gestempeld"
elif test "$(deel timestamp)" = present; then
  fout "evidence.json zegt dat er een tijdstempel is, en het is er niet"
else
  open "geen tijdstempel over het logboek; de tijden in de bladen zijn die van het knooppunt zelf"
fi
#
# 11. CHAIN. Elk blad van een bericht noemt het vorige, en de tijd loopt niet terug.
#
stap 11 chain
toen=0
: > "$W/vorige"
for i in $(cat "$W/bladen"); do
  nu=$(veld "$i" at); over_wie=$(veld "$i" msg)
  test "$nu" -ge "$toen" || fout "log/leaves/$i.json is vroeger dan een blad er voor"
  toen=$nu
  test -n "$over_wie" || continue
  vorig=$(awk -v m="$over_wie" '$1 == m {i = $2} END {print i}' "$W/vorige")
  test "$(veld "$i" prev)" = "$vorig" || fout "het blad voor log/leaves/$i.json ontbreekt"
  zeg "$over_wie $i" >> "$W/vorige"
done
goed "er ontbreekt geen blad tussen het eerste en het laatste"
#
# 12. OPENINGS. De namen horen bij de bladen. Een regel in openings is precies wat
# met SHA-256 in dat veld van het blad is vastgelegd. Zitten ze er niet in: raden
# naar een naam is niet mogelijk, er zit een geheim getal bij.
#
stap 12 openings
b64url() { base64 -w 0 | tr '+/' '-_' | tr -d =; }
if test -d openings; then
  for o in openings/*.jsonl; do
    i=$(basename "$o" .jsonl); : > "$W/velden"
    test -f "log/leaves/$i.json" || fout "$o hoort bij geen blad"
    while IFS= read -r regel; do
      v=$(printf '%s\n' "$regel" | sed -n 's/^{"label":"\([a-z]*\)","salt":"[A-Za-z0-9_-]*","value":".*"}$/\1/p')
      ! grep -qx -e "$v" "$W/velden" || fout "$o noemt $v twee keer"
      ! printf '%s\n' "$regel" | sed 's/\\\\//g; s/\\u00[01][0-9a-f]//g' | grep -q '\\u' || fout "$o: $v is niet geschreven zoals JSON hier hoort (RFC 8785)"
      zeg "$v" >> "$W/velden"
      test -n "$v" && test "$(veld "$i" "$v")" = "c1:$(printf %s "$regel" | openssl dgst -sha256 -binary | b64url)" || fout "$o: $v is niet wat in log/leaves/$i.json is vastgelegd"
    done < "$o"
  done
  goed "elke naam is de naam die is vastgelegd"
else
  open "de namen van bestand en gebruiker zitten er niet in"
fi
#
# 13. CONTENT. Het bestand is wat er is ingeleverd: zijn SHA-256 staat in de bladen.
# Zit het er niet in en hebt u het: vergelijk openssl dgst -sha256 BESTAND.
#
stap 13 content
BESTAND=
if test -d content; then
  test "$(ls content | wc -l)" = 1 || fout "content heeft meer dan een bestand"
  BESTAND=content/$(ls content)
  test "$(sha "$BESTAND")" = "$SHA" && test "$(wc -c < "$BESTAND")" = "$OMVANG" || fout "$BESTAND is niet het bestand van de bladen"
  goed "$OMVANG bytes, SHA-256 $SHA"
else
  open "het bestand zit er niet in; SHA-256 $SHA, $OMVANG bytes"
fi
#
# 14. METAGEGEVENS. Wat de ontvanger erbij kreeg, gaat over dit bericht: dezelfde
# bytes, gebruiker, namen en hetzelfde zegel als in de bladen. Het blad van de
# aflevering noemt ze met hun SHA-256.
#
stap 14 metagegevens
m=metagegevens/metagegevens.xml; zegt_blad=
zoals() { # zoals BLAD VELD ELEMENT
  zo=$(geopend "$1" "$2")
  test "$2" != actor || case $zo in *\\u*) fout "openings/$1.jsonl: zo heet geen gebruiker";; esac
  case $zo in ''|*\\u*) return 0;; esac
  zo=$(printf %s "$zo" | sed 's/\\"/"/g; s/\\\\/\\/g')
  daar=$(een "$3" "$m")
  daar=$(printf %s "$daar" | sed "s/&quot;/\"/g; s/&apos;/'/g; s/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g")
  test "$zo" = "$daar" || fout "$m: $3 is niet wat log/leaves/$1.json vastlegt"
}
if test -f "$m"; then
  kaal "$m"
  a=$(een sha256 "$m"); b=$(een omvang "$m"); d=$(een referentienummer "$m"); e=$(een gemeentecode "$m"); f=$(een uitwisseling "$m")
  test "$a $b $d $e $f" = "$SHA $OMVANG $REF $CODE $SOORT" || fout "$m gaat over een ander bericht"
  for i in $(awk '$2 == "message" {print $1}' "$W/rollen"); do
    soort=$(veld "$i" type); waar=$(veld "$i" source)
    case $soort in
      D.1.*)
        zoals "$i" name naam
        if bewijzen "$i" | grep -q '^metagegevens:'; then
          genoemd "$i" metagegevens "$m" || fout "$m is niet wat is afgeleverd: log/leaves/$i.json noemt een ander"
          zegt_blad=$i
        fi;;
      A.1.*)
        test "$waar" = ggk || continue
        zoals "$i" actor id
        zoals "$i" name oorspronkelijkeNaam
        for soort in zegel:p7s eherkenning:verklaring; do
          grep -qE "<([A-Za-z0-9_.-]+:)?${soort#*:}>" "$m" || continue
          een "${soort#*:}" "$m" | tr -d ' ' | base64 -d > "$W/gebonden"
          genoemd "$i" "${soort%:*}" "$W/gebonden" || fout "$m: daarin staat een ander zegel of een andere inlogverklaring dan log/leaves/$i.json noemt"
        done
        ! bewijzen "$i" | grep -qE '^(zegel|eherkenning):' || test -f "$W/gebonden" || fout "$m: het zegel of de inlogverklaring van log/leaves/$i.json staat er niet in";;
    esac
  done
  if test -n "$zegt_blad"; then
    goed "over deze bytes, zoals afgeleverd in blad $zegt_blad"
  else
    open "geen blad noemt $m, dus het knooppunt zegt wat er in staat"
  fi
else
  open "ze zitten er niet in"
fi
#
# 15. BINDING. Wie het inleverde. Het blad van de inlevering noemt het zegel of de
# inlogverklaring met zijn SHA-256. Het zegel is van de gemeente of een medewerker
# van haar: het OIN is dat van de gemeente in uw map. Is het met SHA-384 of SHA-512
# gezet, dan is het bestand nodig: in de bladen staat alleen een SHA-256. Een inlogverklaring is een JWT
# (ES256) van de inlogdienst (idp.jwks); haar nonce is de SHA-256 over het manifest.
#
stap 15 binding
TOEN=$(($(veld "$AAN" at) / 1000))
GEMEENTE=
for b in "$V"/zegel-*-"$CODE".pem; do
  rol=$(basename "$b" .pem) # heet een ouder zegel van een ander zo, dan is er een zonder -CODE
  test ! -f "$b" || test -f "$V/${rol%-"$CODE"}.pem" || GEMEENTE=$(oins "$rol" "$TOEN")
done
NAAM_IS=$(geopend "$AAN" name)
noemt() { # noemt MANIFEST: het noemt deze gemeente, en dit bestand onder deze naam
  grep -aqF -e "\"gemeentecode\":\"$CODE\"" "$1" && grep -aqF -e "${NAAM_IS:+\"naam\":\"$NAAM_IS\",}\"omvang\":$OMVANG,\"sha256\":\"$SHA\"" "$1" || fout "$z: het manifest dat mee is getekend, noemt dit bestand of deze gemeente niet"
}
if test ! -d binding; then
  open "er zit geen zegel of inlogverklaring in"
elif test "$(ls binding)" = zegel.p7s; then
  z=binding/zegel.p7s
  genoemd "$AAN" zegel "$z" && test "$(veld "$AAN" auth)" = seal || fout "log/leaves/$AAN.json noemt een ander zegel dan $z"
  tekende_mee "$z"
  gaat "de handtekening in $z past niet" openssl cms -verify -no_content_verify -binary -inform DER -in "$z" -content /dev/null -noverify -signer "$W/gebruiker.pem" -out /dev/null
  mee messageDigest
  hash=$(sed -n 's/.*OCTET STRING *\[HEX DUMP\]:\([0-9A-F]*\)$/\1/p' "$W/mee" | tr A-F a-f); dicht=
  if test -n "$BESTAND"; then
    gaat "$z is een zegel over andere bytes dan $BESTAND" openssl cms -verify -binary -inform DER -in "$z" -content "$BESTAND" -noverify -out /dev/null
  elif test "${#hash}" = 96 || test "${#hash}" = 128; then
    dicht="SHA-$((${#hash} * 4))"
  else
    test "$hash" = "$SHA" || fout "$z is een zegel over andere bytes"
  fi
  van=$(oin "$W/gebruiker.pem"); p=$(wie "$W/gebruiker.pem" pseudonym)
  WIE=${p:-$(openssl x509 -in "$W/gebruiker.pem" -outform DER | openssl dgst -sha256 -r | cut -c1-64)}
  if test -z "$GEMEENTE"; then
    open "$z is van OIN $van; uw map heeft geen zegel van $CODE om dat mee te vergelijken"
  else
    een_van "$van" "$GEMEENTE" || fout "$z is het zegel van OIN $van, niet van $GEMEENTE ($CODE)"
    geldig "$W/gebruiker.pem" "$TOEN"
    if grep -aq ':2\.25\.329795257667272793696490398454635000266$' "$W/regels"; then
      mee '2\.25\.329795257667272793696490398454635000266'
      noemt "$W/mee"
    fi
    if test -n "$dicht"; then
      open "verzegeld door ${p:-de organisatie}, OIN $van, met $dicht: over welke bytes, is zonder het bestand niet na te gaan"
    else
      goed "verzegeld door ${p:-de organisatie}, OIN $van"
    fi
  fi
elif test "$(ls binding)" = eherkenning.json; then
  z=binding/eherkenning.json
  hoort() { sed -n 's/^ "'"$1"'": "\(.*\)",\{0,1\}$/\1/p' "$z"; }
  uit64() { s=$(tr '_-' '/+'); while test $((${#s} % 4)) != 0; do s="$s="; done; printf %s "$s" | base64 -d; }
  hex() { od -An -v -tx1 | tr -d ' \n'; }
  token=$(hoort id_token)
  printf %s "${token%.*}" | cut -d. -f2 | tr -d '\n' | uit64 > "$W/claims"
  zegt() { grep -aoE "\"$1\" ?: ?(\"[^\"]*\"|[0-9]+)" "$W/claims" | sed 's/^"[^"]*" *: *//' | tr -d '"'; }
  WIE=$(zegt ActingSubjectID | tr -cd '[:graph:]'); p=$WIE
  hoe=$(veld "$AAN" auth)
  genoemd "$AAN" eherkenning "$z" && { test "$hoe" = idp-bound || test "$hoe" = session; } || fout "log/leaves/$AAN.json noemt een andere inlogverklaring dan $z"
  if test ! -f "$V/idp.jwks" || test ! -f "$V/deelnemers.json" || test -z "$GEMEENTE"; then
    open "uw map heeft geen idp.jwks, geen deelnemers.json of geen zegel van $CODE: van wie $z is, is hier niet na te gaan"
  else
    handtekening=$(printf %s "${token##*.}" | uit64 | hex)
    test "${#handtekening}" = 128 && test "$(hoort id_token | wc -l)" = 1 || fout "$z: geen JWT met ES256"
    printf 'asn1=SEQUENCE:s\n[s]\nr=INTEGER:0x%s\ns=INTEGER:0x%s\n' "${handtekening%????????????????????????????????????????????????????????????????}" "${handtekening#????????????????????????????????????????????????????????????????}" > "$W/genconf"
    openssl asn1parse -genconf "$W/genconf" -noout -out "$W/handtekening"
    printf %s "${token%.*}" > "$W/tekst"
    klopt=
    tr -d ' \n' < "$V/idp.jwks" | tr '{' '\n' | grep '"crv":"P-256"' > "$W/jwks" || fout "uw idp.jwks heeft geen sleutel voor ES256"
    while read -r jwk; do
      { printf '\060\131\060\023\006\007\052\206\110\316\075\002\001\006\010\052\206\110\316\075\003\001\007\003\102\000\004'
        zeg "$jwk" | sed 's/.*"x":"\([^"]*\)".*/\1/' | tr -d '\n' | uit64
        zeg "$jwk" | sed 's/.*"y":"\([^"]*\)".*/\1/' | tr -d '\n' | uit64; } > "$W/publiek"
      if openssl dgst -sha256 -verify "$W/publiek" -keyform DER -signature "$W/handtekening" "$W/tekst" > "$W/uit" 2>&1; then klopt=1; fi
    done < "$W/jwks"
    test -n "$klopt" || fout "$z is niet ondertekend door de inlogdienst die u vertrouwt"
    hoort manifest | awk 'function cijfer(h) {return index("0123456789abcdef", tolower(h)) - 1}
      function getal(s,  i, n) {for (i = 1; i <= 4; i++) n = n * 16 + cijfer(substr(s, i, 1)); return n}
      {for (i = 1; i <= length($0); i++) {
        t = substr($0, i, 1)
        if (t != "\\") {printf "%s", t; continue}
        u = substr($0, i + 1, 1); i++
        n = u == "u" ? getal(substr($0, i + 1, 4)) : 0
        if (n < 128) {printf "\\%s", u; continue}
        i += 4
        if (n >= 55296 && n < 56320) {n = 65536 + (n - 55296) * 1024 + getal(substr($0, i + 3, 4)) - 56320; i += 6}
        if (n < 2048) printf "%c%c", 192 + int(n / 64), 128 + n % 64
        else if (n < 65536) printf "%c%c%c", 224 + int(n / 4096), 128 + int(n / 64) % 64, 128 + n % 64
        else printf "%c%c%c%c", 240 + int(n / 262144), 128 + int(n / 4096) % 64, 128 + int(n / 64) % 64, 128 + n % 64
      }}' > "$W/manifest"
    nonce=c1:$( { printf '{"label":"manifest","salt":"%s","value":"' "$(hoort salt)"; cat "$W/manifest"; printf '"}'; } | openssl dgst -sha256 -binary | b64url)
    sed -n '/^ "inlogdiensten": \[$/,/^ \]/s/^   "[a-z]*": "\(.*\)",\{0,1\}$/\1/p' "$V/deelnemers.json" | paste -d' ' - - | grep -qxF -e "$(zegt iss) $(zegt aud)" || fout "$z is van een andere inlogdienst, of voor een ander systeem, dan uw deelnemers.json noemt"
    getekend=ja
    if test "$(zegt nonce)" != "$nonce"; then
      test "$hoe" = session || fout "$z: de inlogverklaring is over een ander manifest"
      getekend=
    fi
    sed 's/\\"/"/g; s/\\\\/\\/g' "$W/manifest" > "$W/gewoon"
    noemt "$W/gewoon"
    OIN_IS=$(zegt LegalSubjectID | tr -cd '0-9')
    een_van "$(zegt LegalSubjectID)" "$GEMEENTE" || fout "$z: ingelogd voor OIN $OIN_IS, niet voor $GEMEENTE ($CODE)"
    test "$(zegt acr)" = "urn:etoegang:core:assurance-class:$(veld "$AAN" loa)" || fout "$z: een ander betrouwbaarheidsniveau dan in log/leaves/$AAN.json"
    iat=$(zegt iat); ingelogd=$(zegt auth_time); exp=$(zegt exp)
    getal "$iat" && getal "$ingelogd" && getal "$exp" || fout "$z: iat, auth_time en exp zijn geen getallen"
    test "$iat" -le $((TOEN + 60)) && test "$ingelogd" -le $((TOEN + 60)) && test $((ingelogd + 90000)) -ge "$TOEN" || fout "$z: niet van de tijd van de inlevering"
    if test -n "$getekend"; then
      test $((iat - ingelogd)) -le 60 && test $((exp + 86460)) -ge "$TOEN" || fout "$z: er is voor deze levering niet opnieuw ingelogd"
      goed "ingelogd als $WIE, OIN $OIN_IS"
    else
      open "$WIE was ingelogd, voor OIN $OIN_IS; dat was een sessie, en die tekent geen bytes"
    fi
  fi
else
  fout "een bericht heeft een zegel of een inlogverklaring, niet allebei"
fi
#
# 16. PERSON. Het pseudoniem in het zegel of de inlogverklaring is van de gebruiker
# die het blad van de inlevering noemt: een eerder blad (pseudonym.link) legt dat
# vast. Het heet naar de SHA-256 van het pseudoniem.
#
stap 16 person
GEBRUIKER=$(geopend "$AAN" actor)
if test ! -d binding; then
  open "er zit geen zegel of inlogverklaring in, dus niemands pseudoniem"
elif test "$(veld "$AAN" loa)" = organisatie; then
  test -z "$p" || fout "log/leaves/$AAN.json zegt dat de organisatie zelf verzegelde; het was een medewerker"
  test -z "$GEBRUIKER" || test "$GEBRUIKER" = "$CODE" || fout "log/leaves/$AAN.json noemt een persoon; het zegel van de organisatie noemt er geen"
  goed "de organisatie $CODE zelf, en geen persoon"
else
  keten=pseudonym:$(printf %s "$WIE" | openssl dgst -sha256 -r | cut -c1-64)
  legt_vast=; dicht=
  for i in $(awk '$2 == "link" {print $1}' "$W/rollen"); do
    over_wie=$(veld "$i" msg); hoe=$(veld "$i" result)
    test "$over_wie" = "$keten" && test "$hoe" = ok || continue
    test "$(veld "$i" tenant)" = "$CODE" || fout "log/leaves/$i.json: $WIE is van een andere partij"
    zo=$(geopend "$i" name)
    test -z "$zo" || test -z "$GEBRUIKER" || test "$zo" = "$GEBRUIKER" || fout "log/leaves/$i.json: $WIE is een ander dan log/leaves/$AAN.json noemt"
    test -n "$zo" || dicht=ja
    legt_vast=${legt_vast:-$i}
  done
  test -n "$legt_vast" || fout "geen blad van voor de inlevering zegt van wie $WIE is"
  if test -n "$dicht" || test -z "$GEBRUIKER"; then
    open "van wie $WIE is, wordt niet getoond"
  else
    goed "$WIE is de gebruiker van blad $AAN, zoals blad $legt_vast eerder vastlegde"
  fi
fi
#
# 17. RECEIPTS. Het ontvangstbewijs van de ontvanger, zoals het CBS (XMLDSig).
# xmlsec1 neemt elke ondertekenaar onder dezelfde uitgever aan; daarom wordt nagegaan
# met welk certificaat de handtekening klopt, en of het OIN daarin dat van de
# ontvanger is (deelnemers.json, anders zegel-cbs.pem). Het bewijs noemt deze bytes
# en dit bericht, en het blad noemt dit bewijs.
#
stap 17 receipts
if test ! -d receipts; then
  open "er zit geen verzegeld ontvangstbewijs in; dat het bestand is afgegeven, zegt alleen het knooppunt"
elif ! command -v xmlsec1 > /dev/null; then
  open "xmlsec1 is er niet; de ontvangstbewijzen zijn niet nagegaan"
else
  if test -f "$V/deelnemers.json"; then
    sed -n '/^ "oins": {$/,/^ }/p' "$V/deelnemers.json" | sed -n "/^  \"$SOORT\": \\[\$/,/^  \\]/s/^   \"\([0-9]*\)\",\{0,1\}\$/\1/p" > "$W/ontvangers"
  else
    : > "$W/ontvangers"
  fi
  ruim=; ! xmlsec1 --help-verify 2>&1 | grep -q -e --lax-key-search || ruim=--lax-key-search
  for r in receipts/*.xml; do
    i=$(basename "$r" .xml)
    test -f "log/leaves/$i.json" && test "$(veld "$i" msg)" = "$ID" && genoemd "$i" ontvangstbewijs "$r" || fout "$r: het blad van het bericht noemt dit ontvangstbewijs niet"
    kaal "$r"
    een Signature "$r" > /dev/null
    een ontvangstbewijs "$r" > /dev/null
    grep -q '<ontvangstbewijs xmlns="urn:knooppunt:ontvangstbewijs:1">' "$r" || fout "$r is geen ontvangstbewijs"
    a=$(een sha256 "$r"); b=$(een omvang "$r"); d=$(een referentienummer "$r"); e=$(een gemeentecode "$r"); f=$(een oin "$r")
    test "$a $b $d $e" = "$SHA $OMVANG $REF $CODE" || fout "$r gaat over een andere levering of andere bytes"
    tr -d '\n\r\t ' < "$r" | grep -oE '<([A-Za-z0-9_.-]+:)?X509Certificate>[A-Za-z0-9+/=]+' | sed 's/.*>//' > "$W/certificaten" || fout "$r noemt geen certificaat"
    van=; door=
    while read -r code; do
      { zeg '-----BEGIN CERTIFICATE-----'; zeg "$code" | fold -w 64; zeg '-----END CERTIFICATE-----'; } > "$W/kandidaat.pem"
      openssl x509 -in "$W/kandidaat.pem" -noout 2> /dev/null || continue
      # shellcheck disable=SC2086
      xmlsec1 --verify $ruim --enabled-reference-uris empty --enabled-key-data key-name --pubkey-cert-pem "$W/kandidaat.pem" "$r" > "$W/uit" 2>&1 || continue
      van=$(oin "$W/kandidaat.pem"); door=$(wie "$W/kandidaat.pem" pseudonym)
      cp "$W/kandidaat.pem" "$W/cbs.pem"
    done < "$W/certificaten"
    test -n "$van" || fout "$r: de handtekening past bij geen certificaat dat er in staat"
    test -f "$V/deelnemers.json" || test ! -f "$V/zegel-cbs.pem" || oins zegel-cbs $(($(veld "$i" at) / 1000)) | tr ' ' '\n' > "$W/ontvangers"
    test -s "$W/ontvangers" || continue
    grep -qxF -e "$van" "$W/ontvangers" && test "$f" = "$van" || fout "$r is verzegeld door OIN $van, niet door de ontvanger ($(head -n 1 "$W/ontvangers")): een vervalsing"
    test -z "$door" || fout "$r is verzegeld door een medewerker, niet door de organisatie"
    geldig "$W/cbs.pem" $(($(veld "$i" at) / 1000))
  done
  if test -s "$W/ontvangers"; then
    goed "verzegeld door de ontvanger, OIN $van, over deze bytes"
  else
    open "onder welk OIN de ontvanger verzegelt, staat niet in uw map"
  fi
fi
#
# 18. PAGES. Wat summary.html en summary.pdf zeggen, is hier niet na te gaan: het
# zegel dekt ze, meer niet. evidence verify maakt ze opnieuw uit de bladen.
#
stap 18 pages
open "wat summary.html en summary.pdf zeggen, zegt het knooppunt"
#
# WAT U NU WEET, EN WAT NIET. Klopt alles, dan zijn deze bladen toen zo geschreven
# en sindsdien niet veranderd. Dat ze waar zijn, volgt daar niet uit; dat er na het
# laatste blad niets meer gebeurde ook niet; wat niet aangetoond is, evenmin.
#
zeg "alles klopt, behalve wat niet is aangetoond: stap$OPEN"
