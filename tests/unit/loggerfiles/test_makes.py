"""Files in the style of many loggers: each is read to the same readings, or the question that it leaves is
asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from coldchain_backend.loggerfiles import DateOrder, Wanted, read_file

START = datetime(2024, 1, 15, 8, 0, tzinfo=UTC)
STEP = timedelta(minutes=10)
COUNT = 18
VALUES = [5.0 + index % 10 / 10 for index in range(COUNT)]
TIMES = [START + STEP * index for index in range(COUNT)]
Row = Callable[[int, datetime, float], str]


@dataclass(frozen=True, kw_only=True)
class Make:
    """One style: what stands above, each row, what stands below."""

    row: Row
    head: str = ""
    foot: str = ""
    encoding: str = "utf-8"
    wanted: Wanted = field(default_factory=lambda: Wanted(zone="UTC"))
    offset: timedelta = timedelta()
    step: timedelta = STEP

    @property
    def expected(self) -> list[tuple[int, float]]:
        times = [START + self.step * index for index in range(COUNT)]
        return [(round(at.timestamp() * 1000), value) for at, value in zip(times, VALUES, strict=True)]

    def write(self, path: Path) -> Path:
        lines = [self.row(index, TIMES[index] + self.offset, VALUES[index]) for index in range(COUNT)]
        path.write_bytes((self.head + "".join(lines) + self.foot).encode(self.encoding))
        return path


def comma(value: float) -> str:
    return f"{value:.1f}".replace(".", ",")


def fahrenheit(value: float) -> str:
    return f"{value * 9 / 5 + 32:.2f}"


def half(at: datetime) -> str:
    return "上午" if at.hour < 12 else "下午"


MAKES = {
    "iso with Z": Make(
        head="time,temperature\n",
        row=lambda n, at, v: f"{at:%Y-%m-%dT%H:%M:%SZ},{v}\n",
        wanted=Wanted(),
    ),
    "iso with an offset": Make(
        head="time,temperature\n",
        row=lambda n, at, v: f"{at:%Y-%m-%dT%H:%M:%S}+08:00,{v}\n",
        offset=timedelta(hours=8),
        wanted=Wanted(),
    ),
    "offset in the header, two-digit years, AM": Make(
        head='"Plot Title: Freezer 3"\n"#","Date Time, GMT-04:00","Temp, °C (LGR S/N: 1)","Coupler"\n',
        row=lambda n, at, v: f"{n + 1},{at:%m/%d/%y %I:%M:%S %p},{v},\n",
        foot="19,01/15/24 07:00:00 AM,,Logged\n",
        offset=timedelta(hours=-4),
        wanted=Wanted(),
    ),
    "semicolons, decimal commas, separate time, BOM": Make(
        head="\ufeffDatum;Uhrzeit;Temperatur [°C];Feuchte [%rF]\r\n",
        row=lambda n, at, v: f"{at:%d.%m.%Y};{at:%H:%M:%S};{comma(v)};45,0\r\n",
    ),
    "Chinese headers in GB 18030": Make(
        head="设备编号,SN0001\n导出时间,2024-02-01\n序号,时间,温度(℃),湿度(%RH)\n",
        row=lambda n, at, v: f"{n + 1},{at:%Y年%m月%d日} {at:%H:%M:%S},{v},45.0\n",
        encoding="gb18030",
        offset=timedelta(hours=8),
        wanted=Wanted(zone="Asia/Shanghai"),
    ),
    "Chinese half-days": Make(
        head="记录时间,温度℃\n",
        row=lambda n, at, v: f"{at.year}/{at.month}/{at.day} {half(at)} {at:%I:%M:%S},{v}\n",
    ),
    "UTF-16 with tabs and a footer": Make(
        head="Serial No.\tX1\r\nUnit\t°C\r\n\r\nNo\tDate/Time\tCH1\tCH2\r\n",
        row=lambda n, at, v: f"{n + 1}\t{at:%Y-%m-%d %H:%M:%S}\t{v}\t---\r\n",
        foot="\r\nEnd of data\r\n",
        encoding="utf-16",
    ),
    "UTF-16 without a mark": Make(
        head="Date Time\tTemp (C)\r\n",
        row=lambda n, at, v: f"{at:%Y-%m-%d %H:%M}\t{v}\r\n",
        encoding="utf-16-le",
    ),
    "American dates in Fahrenheit": Make(
        head="Date,Time,Temp (°F),RH %\n",
        row=lambda n, at, v: f"{at.month}/{at.day}/{at.year},{at:%I:%M %p},{fahrenheit(v)},45\n",
    ),
    "the unit beside each value": Make(
        head="Timestamp;Value\n", row=lambda n, at, v: f"{at:%Y-%m-%d %H:%M:%S};{fahrenheit(v)} °F\n"
    ),
    "the unit in the lines above": Make(
        head="Logger 17\nTemperature unit: °F\n\nTimestamp;Value\n",
        row=lambda n, at, v: f"{at:%Y-%m-%d %H:%M:%S};{fahrenheit(v)}\n",
    ),
    "a spreadsheet's days since 1900": Make(
        head="sep=;\nTime;Temp °C\n",
        row=lambda n, at, v: (
            f"{comma6((at - datetime(1899, 12, 30, tzinfo=UTC)) / timedelta(days=1))};{comma(v)}\n"
        ),
    ),
    "seconds since 1970": Make(
        head="epoch,temp_c\n", row=lambda n, at, v: f"{at.timestamp():.0f},{v}\n", wanted=Wanted()
    ),
    "milliseconds since 1970": Make(
        head="ts,temp_c\n", row=lambda n, at, v: f"{at.timestamp() * 1000:.0f},{v}\n", wanted=Wanted()
    ),
    "no header, blanks between": Make(row=lambda n, at, v: f"{at:%Y-%m-%d %H:%M:%S}  {v}\n"),
    "no header, one blank between": Make(row=lambda n, at, v: f"{at:%Y-%m-%d %H:%M:%S} {v}\n"),
    "months by name": Make(head="Date,Temp\n", row=lambda n, at, v: f'"{at:%b %d, %Y %H:%M}",{v}\n'),
    "days, then months by name": Make(
        head="Date,Temp\n", row=lambda n, at, v: f"{at:%d-%b-%Y %H:%M:%S},{v}\n"
    ),
    "German months": Make(
        head="Datum;Temperatur °C\n",
        row=lambda n, at, v: f"{at.day}. Januar {at.year} {at:%H:%M};{comma(v)}\n",
    ),
    "compact digits": Make(head="stamp|temp C\n", row=lambda n, at, v: f"{at:%Y%m%d%H%M%S}|{v}\n"),
    "a weekday before the date": Make(
        head="when,temp C\n", row=lambda n, at, v: f"{at:%a %d.%m.%Y %H:%M},{v}\n"
    ),
    "newest first": Make(head="time,temp C\n", row=lambda n, at, v: "", foot="PLACEHOLDER"),
    "quoted everything": Make(
        head='"Date";"Time";"Probe °C"\n',
        row=lambda n, at, v: f'"{at:%d/%m/%Y}";"{at:%H:%M:%S}";"{comma(v)}"\n',
    ),
    "formulas that keep text": Make(
        head="Time,Temp C\n", row=lambda n, at, v: f'="{at:%Y-%m-%d %H:%M:%S}",="{v}"\n'
    ),
    "a row of units below the header": Make(
        head="Date;Time;Temperature;Humidity\n;;°C;%RH\n",
        row=lambda n, at, v: f"{at:%Y-%m-%d};{at:%H:%M};{v};45\n",
    ),
    "figures at the end": Make(
        head="id;date;time;[°C] Kanal 1\n",
        row=lambda n, at, v: f"{n + 1};{at:%d/%m/%Y};{at:%H:%M:%S};{comma(v)}\n",
        foot="Min;;;5,0\nMax;;;5,9\n",
    ),
    "JSON lines": Make(
        row=lambda n, at, v: (
            f'{{"ts": {at.timestamp():.0f}, "device": "t1", "temperature": {v}, "humidity": 45}}\n'
        ),
        wanted=Wanted(),
    ),
    "nested JSON lines with times in words": Make(
        row=lambda n, at, v: (
            f'{{"at": {{"time": "{at.isoformat()}"}}, "data": {{"temp_c": {v}, "batt": 3.1}}}}\n'
        ),
        wanted=Wanted(),
    ),
    "line protocol in ms": Make(
        row=lambda n, at, v: f"reading,sensor=t1 temperature={v},humidity=45 {at.timestamp() * 1000:.0f}\n",
        wanted=Wanted(),
    ),
    "line protocol in ns with other names": Make(
        row=lambda n, at, v: f"cold,probe=a temp={v},rssi=-70i {round(at.timestamp())}000000000\n",
        wanted=Wanted(),
    ),
}

MAKES |= {
    "a logger's name for a header, dew point beside": Make(
        head="EL-2,Time,Celsius(°C),Humidity(%rh),dew point(°C),Serial Number\n",
        row=lambda n, at, v: f"{n + 1},{at:%d/%m/%Y %H:%M:%S},{v},45.0,-5.9{',0100123' if n == 0 else ''}\n",
    ),
    "a column of units": Make(
        head="Date/Time,Unit,Value\n",
        row=lambda n, at, v: f"{at:%d/%m/%y %H:%M:%S},F,{fahrenheit(v)}\n",
        wanted=Wanted(zone="UTC", order=DateOrder.DMY),
    ),
    "alarm marks behind values": Make(
        head="time,temp °C\n",
        row=lambda n, at, v: f"{at:%Y-%m-%d %H:%M},{v}{' *' if n % 2 else ' (H)'}\n",
    ),
    "annotated CSV of a time series database": Make(
        head="#group,false,false,true,true,false\n#datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,double\n"
        ",result,table,_start,_time,_value\n",
        row=lambda n, at, v: f",,0,2024-01-15T00:00:00Z,{at:%Y-%m-%dT%H:%M:%SZ},{v}\n",
        wanted=Wanted(),
    ),
    "a JSON array with a line for each object": Make(
        head="[\n",
        row=lambda n, at, v: f'  {{"time": "{at:%Y-%m-%dT%H:%M:%SZ}", "temperatureC": {v}}},\n',
        foot="]\n",
        wanted=Wanted(),
    ),
    "a unit at the end of a name": Make(
        head="stamp,TemperatureF\n", row=lambda n, at, v: f"{at:%Y-%m-%d %H:%M},{fahrenheit(v)}\n"
    ),
    "Western letters of eight bits": Make(
        head="Température du réfrigérateur\r\nDate;Heure;Temp. (°C)\r\n",
        row=lambda n, at, v: f"{at:%d.%m.%Y};{at:%H:%M};{comma(v)}\r\n",
        encoding="cp1252",
    ),
    "a degree sign that was lost": Make(
        head="Time,Temp (\ufffdF)\n", row=lambda n, at, v: f"{at:%Y-%m-%d %H:%M},{fahrenheit(v)}\n"
    ),
    "a history of states": Make(
        head="entity_id,state,last_changed\n",
        row=lambda n, at, v: f"sensor.fridge_temperature,{v},{at:%Y-%m-%dT%H:%M:%S.000Z}\n",
        foot="sensor.fridge_temperature,unavailable,2024-01-15T12:00:00.000Z\n",
        wanted=Wanted(),
    ),
    "a channel of a public service": Make(
        head="created_at,entry_id,field1,latitude,longitude,elevation,status\n",
        row=lambda n, at, v: f"{at:%Y-%m-%d %H:%M:%S} UTC,{n + 7},{v},,,,\n",
        wanted=Wanted(),
    ),
    "units in words after an underscore": Make(
        head="Timestamp for sample frequency every 10 min,Temperature_Celsius,Relative_Humidity\n",
        row=lambda n, at, v: f"{at:%Y-%m-%d %H:%M:%S},{v},45.0\n",
    ),
    "an uplink of a LoRaWAN server": Make(
        row=lambda n, at, v: (
            f'{{"received_at": "{at:%Y-%m-%dT%H:%M:%S}.000456789Z", "uplink_message": {{"f_port": 2,'
            f' "rx_metadata": [], "decoded_payload": {{"temperature": {v}, "humidity": 45}}}}}}\n'
        ),
        wanted=Wanted(),
    ),
    "old line ends": Make(head="time,temp C\r", row=lambda n, at, v: f"{at:%Y-%m-%d %H:%M},{v}\r"),
    "limits and averages beside": Make(
        head="time,Low limit °C,High limit °C,Temp °C,Average Temp °C\n",
        row=lambda n, at, v: f"{at:%Y-%m-%d %H:%M},2.0,8.0,{v},5.4\n",
    ),
    "date and time by a comma": Make(
        head="when;temp C\n", row=lambda n, at, v: f"{at:%m/%d/%Y}, {at:%I:%M:%S %p};{v}\n"
    ),
    "Spanish half-days": Make(
        head="Fecha;Hora;Temperatura (°C)\n",
        row=lambda n, at, v: (
            f"{at:%d/%m/%Y};{at:%I:%M:%S} {'a. m.' if at.hour < 12 else 'p. m.'};{comma(v)}\n"
        ),
    ),
}


def other_half(at: datetime) -> str:
    return "dop." if at.hour < 12 else "odp."


def above_the_table(days: int) -> str:
    """Days told in words, as monitors of refrigerators do before their readings."""
    told = "".join(
        f" {day}:\n  Date: 2024-01-{day:02d}\n  Min T: +4.0, TS Min T: 00:42\n" for day in range(days)
    )
    return f"Device: a monitor\nConf:\n Temp unit: F\nHist:\n{told * 10}"


MAKES |= {
    "two-digit years first, with dots": Make(
        head='"#","Date Time, GMT+02:00","Temp, °C (LGR S/N: 1)"\n',
        row=lambda n, at, v: f"{n + 1},{at + timedelta(days=n):%y.%m.%d %H:%M:%S},{v}\n",
        offset=timedelta(hours=2),
        wanted=Wanted(),
        step=timedelta(days=1, minutes=10),
    ),
    "months before days, with dots": Make(
        head="Date Time,Temp °C\n",
        row=lambda n, at, v: f"{at + timedelta(days=n):%m.%d.%Y %H:%M:%S},{v}\n",
        step=timedelta(days=1, minutes=10),
    ),
    "half-days of another language": Make(
        head='"#","Date","Time, GMT+00:00","Temp, °C"\n',
        row=lambda n, at, v: f"{n + 1},{at:%d.%m.%Y},{at:%I:%M:%S} {other_half(at)},{v}\n",
        wanted=Wanted(),
    ),
    "a name of a zone behind the time": Make(
        head="time,temp C\n",
        row=lambda n, at, v: f"{at:%a %b %d %H:%M:%S} CET {at:%Y},{v}\n",
        offset=timedelta(hours=1),
        wanted=Wanted(),
    ),
    "dates as browsers write them": Make(
        head="time,temp C\n",
        row=lambda n, at, v: f"{at:%a %b %d %Y %H:%M:%S} GMT+0100 (Central European Standard Time),{v}\n",
        offset=timedelta(hours=1),
        wanted=Wanted(),
    ),
    "hours and minutes in Chinese": Make(
        head="时间,温度,湿度\n",
        row=lambda n, at, v: f"{at.year}年{at.month}月{at.day}日{at.hour}时{at.minute:02d}分,{v}℃,45%RH\n",
        encoding="gb18030",
    ),
    "Japanese in its own encoding, days since 1900 beside": Make(
        head='"Date/Time","Date/Time","No.1"\r\n"時差:GMT+0:00","日付のシリアル値","Ch.1"\r\n"","","F"\r\n',
        row=lambda n, at, v: (
            f'"{at:%Y-%m-%d %H:%M:%S}",'
            f'"{(at - datetime(1899, 12, 30, tzinfo=UTC)) / timedelta(days=1):.8f}","{fahrenheit(v)}"\r\n'
        ),
        encoding="cp932",
    ),
    "kelvins": Make(head="time,temp (K)\n", row=lambda n, at, v: f"{at:%Y-%m-%d %H:%M},{v + 273.15:.2f}\n"),
    "a unit in words above": Make(
        head="Temperature Unit,F\n\nIndex,Date,Time,Temperature\n",
        row=lambda n, at, v: f"{n + 1},{at:%Y-%m-%d},{at:%H:%M},{fahrenheit(v)}\n",
    ),
    "a table far below, its unit far above": Make(
        head=f"{above_the_table(20)}Data:\n\tyyyy-MM-dd hh:mm\tT\tOut of limits\n",
        row=lambda n, at, v: f"\t{at:%Y-%m-%d %H:%M}\t{fahrenheit(v)}\t{'x' if n % 3 else ''}\n",
        foot="Cert:\n Vers: 1.0\n",
    ),
    "first rows without a value": Make(
        head="time,temp (°F)\n2024-01-15 07:40,---\n2024-01-15 07:50,not yet\n",
        row=lambda n, at, v: f"{at:%Y-%m-%d %H:%M},{fahrenheit(v)}\n",
    ),
    "dates and times in columns of a report": Make(
        head="Monitor\nSerial\t2001\nTrip Start\t15-Jan-2024 08:00:00\nHigh\t5.9\t15-Jan-2024 09:30\n"
        "Point\tDate\tTime\tTemp\n",
        row=lambda n, at, v: f"{n + 1}\t{at:%d-%b-%Y}\t{at:%H:%M:%S}\t{v}\n",
    ),
    "the time of day before the date": Make(
        head="No. of Readings:,18\n\nTime, Temperature (C),Humidity (RH(%)),\n",
        row=lambda n, at, v: f"{at:%H:%M:%S %d/%b/%Y},{v},40.5,\n",
    ),
    "a comma between date and time, semicolons between columns": Make(
        head="date,time;T/°C;RH/%;set/%\n",
        row=lambda n, at, v: f"{at:%d.%m.%Y,%H:%M:%S};{v};55;56;\n",
    ),
    "headings in three rows, the degree sign lost": Make(
        head='"Date/Time","Date/Time","No.1","No.2"\n"Date/Time","Date/Time","ch1","ch2"\n"","","lx","\ufffdC"\n',
        row=lambda n, at, v: f'"{at:%Y-%m-%d %H:%M:%S}","44429.{n:04d}","21.5","{v}"\n',
    ),
    "a heading in several lines": Make(
        head='"No.","Date\nTime","Temperature\n(°F)"\n',
        row=lambda n, at, v: f"{n + 1},{at:%Y-%m-%d %H:%M},{fahrenheit(v)}\n",
    ),
    "French hours": Make(
        head="Date;Heure;Température °C\n",
        row=lambda n, at, v: f"{at:%d/%m/%Y};{at:%H}h{at:%M};{comma(v)}\n",
    ),
    "a line of something else before JSON lines": Make(
        head="connected\n",
        row=lambda n, at, v: f'{{"ts":{at.timestamp():.0f},"temp_c":"{v}"}}\n',
        wanted=Wanted(),
    ),
    "a zone in words above": Make(
        head="Timezone,GMT+8\nTime,Temp °C\n",
        row=lambda n, at, v: f"{at:%Y-%m-%d %H:%M},{v}\n",
        offset=timedelta(hours=8),
        wanted=Wanted(),
    ),
    "other temperatures beside": Make(
        head="Date,Temperature_Celsius(°C),DPT_Celsius(°C),Wet Bulb °C\n",
        row=lambda n, at, v: f"{at:%Y-%m-%d %H:%M},{v},-5.1,2.2\n",
    ),
}


def comma6(value: float) -> str:
    return f"{value:.8f}".replace(".", ",")


MAKES["newest first"] = Make(
    head="time,temp C\n",
    row=lambda n, at, v: f"{TIMES[COUNT - 1 - n]:%Y-%m-%d %H:%M},{VALUES[COUNT - 1 - n]}\n",
)


@pytest.mark.parametrize("name", MAKES)
def test_every_make_gives_the_same_readings(name: str, tmp_path: Path) -> None:
    make = MAKES[name]
    found = read_file(make.write(tmp_path / "logger.txt"), make.wanted)
    assert len(found.channels) == 1
    samples = found.channels[0].samples
    assert [at for at, _ in samples] == [at for at, _ in make.expected]
    assert [value for _, value in samples] == pytest.approx([value for _, value in make.expected], abs=0.006)
