"""A DS18B20 as the kernel shows its scratchpad in `w1_slave` (12 bits; datasheet, figure 8)."""

CONFIGURED = bytes.fromhex("4b467fff")


def slave_text(celsius: float) -> str:
    """Both lines; sixteenths of a degree, as a conversion of 12 bits gives them."""
    sixteenths = round(celsius * 16)
    pad = sixteenths.to_bytes(2, "little", signed=True) + CONFIGURED
    pad += bytes([0x10 - (sixteenths & 0xF), 0x10])
    pad += bytes([crc8(pad)])
    text = pad.hex(" ")
    return f"{text} : crc={pad[8]:02x} YES\n{text} t={round(celsius * 16) * 1000 // 16}\n"


def crc8(data: bytes) -> int:
    """CRC-8 of 1-Wire, bit by bit as the application note draws its shift register."""
    register = 0
    for byte in data:
        for place in range(8):
            feedback = (register ^ (byte >> place)) & 1
            register >>= 1
            if feedback:
                register ^= 0b1000_1100
    return register
