use super::*;

/// The points of low order on Curve25519: 0, 1, the two of order eight, and p - 1, p, p + 1.
const LOW_ORDER_POINTS: [&str; 7] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

fn ann() -> NodeKey {
    NodeKey::from_seed(&[1; 32])
}

fn bob() -> NodeKey {
    NodeKey::from_seed(&[2; 32])
}

fn flight(key: &[u8; 32]) -> [u8; FIRST_FLIGHT_BYTES] {
    let mut flight = [0; FIRST_FLIGHT_BYTES];
    flight[..3].copy_from_slice(&FIRST_FLIGHT_PREFIX);
    flight[3..].copy_from_slice(key);
    flight
}

/// Ann's state before Bob's proof, Bob's state, and Bob's second flight.
fn at_the_proof() -> (Authentication, Authentication, [u8; FRAME_BYTES]) {
    let (a, b) = (
        Handshake::from_entropy(&[3; 32]),
        Handshake::from_entropy(&[4; 32]),
    );
    let (to_bob, to_ann) = (a.first_flight(), b.first_flight());
    let (a, _) = a.on_first_flight(&to_ann, &ann()).unwrap();
    let (b, proof) = b.on_first_flight(&to_bob, &bob()).unwrap();
    (a, b, proof)
}

/// What Ann says when Bob's proof holds `data`, properly sealed.
fn judged(data: impl FnOnce(&[u8; 32]) -> Vec<u8>) -> Result<NodeId, SecretError> {
    let (a, b, _) = at_the_proof();
    let mut fresh = b.sealer;
    // Bob's first frame again, with other contents.
    fresh.restart();
    let mut frame = fresh.seal(&data(&b.challenge))?;
    a.on_second_flight(&mut frame)
        .map(|session| session.remote())
}

fn proof_with(edit: impl FnOnce(&mut AuthSigMessage)) -> Result<NodeId, SecretError> {
    judged(|challenge| {
        let honest = auth_message(&bob(), challenge);
        let mut message = AuthSigMessage::decode_length_delimited(honest.as_slice()).unwrap();
        edit(&mut message);
        message.encode_length_delimited_to_vec()
    })
}

const fn public_key(sum: public_key::Sum) -> PublicKey {
    PublicKey { sum: Some(sum) }
}

#[test]
fn an_honest_proof_names_the_node_that_gave_it() {
    assert_eq!(proof_with(|_| ()), Ok(bob().id()));
}

#[test]
fn a_key_of_low_order_is_refused() {
    for text in LOW_ORDER_POINTS {
        let byte = |at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap();
        let point: [u8; 32] = core::array::from_fn(byte);
        let refused = Handshake::new()
            .unwrap()
            .on_first_flight(&flight(&point), &ann());
        assert_eq!(refused.unwrap_err(), SecretError::WeakKey, "{text}");
    }
}

#[test]
fn our_own_key_sent_back_is_refused() {
    let handshake = Handshake::new().unwrap();
    let echo = handshake.first_flight();
    let refused = handshake.on_first_flight(&echo, &ann());
    assert_eq!(refused.unwrap_err(), SecretError::Reflected);
}

#[test]
fn any_other_start_than_that_of_a_first_flight_is_refused() {
    let honest = Handshake::new().unwrap().first_flight();
    for place in 0..3 {
        let mut flight = honest;
        flight[place] ^= 1;
        let refused = Handshake::new().unwrap().on_first_flight(&flight, &ann());
        assert_eq!(
            refused.unwrap_err(),
            SecretError::NotAHandshake,
            "byte {place}"
        );
    }
}

#[test]
fn a_changed_first_flight_spoils_the_proofs() {
    // A man in the middle who puts his own key in can seal, but not sign.
    let (a, b) = (
        Handshake::from_entropy(&[3; 32]),
        Handshake::from_entropy(&[4; 32]),
    );
    let to_bob = a.first_flight();
    let mut changed = b.first_flight();
    changed[20] ^= 1;
    let (a, _) = a.on_first_flight(&changed, &ann()).unwrap();
    let (_, mut proof) = b.on_first_flight(&to_bob, &bob()).unwrap();
    assert_eq!(
        a.on_second_flight(&mut proof).unwrap_err(),
        SecretError::FrameForged
    );
}

#[test]
fn a_proof_made_for_another_handshake_is_refused() {
    let replayed = judged(|_| auth_message(&bob(), &[9; 32]));
    assert_eq!(replayed, Err(SecretError::BadSignature));
}

#[test]
fn a_signature_by_another_key_is_refused() {
    let stolen = public_key(public_key::Sum::Ed25519(ann().public().to_bytes().to_vec()));
    assert_eq!(
        proof_with(|proof| proof.pub_key = Some(stolen)),
        Err(SecretError::BadSignature)
    );
    for place in [0, 31, 32, 63] {
        let flipped = proof_with(|proof| proof.sig[place] ^= 1);
        assert_eq!(flipped, Err(SecretError::BadSignature), "byte {place}");
    }
}

#[test]
fn a_weak_public_key_signs_nothing() {
    // The identity point: without the strict rules, one signature fits every message.
    let mut identity = vec![0; 32];
    identity[0] = 1;
    let weak = proof_with(|proof| {
        proof.sig = [identity.clone(), vec![0; 32]].concat();
        proof.pub_key = Some(public_key(public_key::Sum::Ed25519(identity)));
    });
    assert_eq!(weak, Err(SecretError::BadSignature));
}

#[test]
fn a_key_of_another_type_is_refused() {
    let secp = public_key(public_key::Sum::Secp256k1(vec![2; 33]));
    assert_eq!(
        proof_with(|proof| proof.pub_key = Some(secp)),
        Err(SecretError::KeyType)
    );
}

#[test]
fn a_proof_with_missing_or_wrongly_sized_parts_is_refused() {
    let malformed = Err(SecretError::AuthMalformed);
    assert_eq!(proof_with(|proof| proof.pub_key = None), malformed);
    assert_eq!(
        proof_with(|proof| proof.pub_key = Some(PublicKey { sum: None })),
        malformed
    );
    let short = public_key(public_key::Sum::Ed25519(vec![0; 31]));
    assert_eq!(proof_with(|proof| proof.pub_key = Some(short)), malformed);
    assert_eq!(proof_with(|proof| proof.sig.push(0)), malformed);
    assert_eq!(proof_with(|proof| proof.sig.truncate(63)), malformed);
}

#[test]
fn a_second_flight_holds_its_message_and_nothing_else() {
    let malformed = Err(SecretError::AuthMalformed);
    assert_eq!(judged(|_| Vec::new()), malformed);
    assert_eq!(judged(|_| vec![0xff; 1_024]), malformed);
    let trailing = judged(|challenge| [auth_message(&bob(), challenge), vec![0]].concat());
    assert_eq!(trailing, malformed);
    let truncated = judged(|challenge| auth_message(&bob(), challenge)[..60].to_vec());
    assert_eq!(truncated, malformed);
}

#[test]
fn a_changed_second_flight_does_not_open() {
    for place in [0, 4, 100, 1_027, 1_028, 1_043] {
        let (a, _, mut proof) = at_the_proof();
        proof[place] ^= 1;
        assert_eq!(
            a.on_second_flight(&mut proof).unwrap_err(),
            SecretError::FrameForged
        );
    }
}

#[test]
fn our_own_second_flight_sent_back_does_not_open() {
    let (_, b, mut proof) = at_the_proof();
    assert_eq!(
        b.on_second_flight(&mut proof).unwrap_err(),
        SecretError::FrameForged
    );
}

#[test]
fn debug_output_holds_no_secret() {
    let (a, _, _) = at_the_proof();
    let handshake = Handshake::new().unwrap();
    assert_eq!(
        format!("{handshake:?} {a:?}"),
        "Handshake(secret) Authentication(secret)"
    );
}
