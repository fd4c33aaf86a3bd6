package org.mobilevos.core;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;
import static org.junit.Assert.fail;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Date;
import org.json.JSONObject;
import org.junit.Test;

/** The results file of a run; tests/android/test_records.py reads what is written here with vos-bench's reader. */
public class LatencyRecordTest {
    private static final int FRAMES = 20;

    private static LatencyRecord record(StageTimes times) throws Exception {
        File fixture = new File(System.getProperty("mobilevos.fixtures"), "spec.json");
        EngineOptions options = new EngineOptions(EngineOptions.Delegate.GPU, 4, true, false, null);
        LatencyRecord record = new LatencyRecord(
                ArtifactSpec.parse(Goldens.text(fixture)), options, "litert-cpu", "this machine has no GPU", times);
        record.source = "juggle.mp4";
        record.frameWidth = 1280;
        record.frameHeight = 720;
        record.objects = 1;
        record.artifactName = "mobilenetv2-noaspp.tflite";
        record.artifactBytes = 1000000;
        record.artifactSha256 = "0123456789abcdef";
        record.app = "test";
        record.date = new Date(1700000000000L);
        record.device = new DeviceFacts("linux", "JVM", System.getProperty("os.name"), null, null,
                System.getProperty("os.arch"), 1, null);
        record.before = new Warmth(29.5, 80, 0);
        record.after = new Warmth(null, null, null);
        record.warmup = 3;
        record.dropped = 2;
        record.framesPerSecond = 9.87654321;
        return record;
    }

    private static StageTimes times() {
        StageTimes times = new StageTimes(FRAMES);
        Latency latency = new Latency();
        for (int frame = 0; frame < FRAMES; frame++) {
            latency.preprocess = 2 + frame % 3 * 0.1;
            latency.segment = 70 + frame * frame % 13;
            latency.memorize = 30 + frame % 7 / 3.0;
            latency.postprocess = 3;
            times.add(latency);
            times.convert.add(4);
        }
        return times;
    }

    @Test
    public void aRunIsWritten() throws Exception {
        String text = record(times()).toJson();
        JSONObject json = new JSONObject(text);
        assertEquals("2023-11-14T22:13:20+00:00", json.getString("date"));
        assertEquals(9.8765, json.getDouble("fps"), 0);
        assertEquals(FRAMES, json.getJSONObject("stages").getJSONObject("total").getJSONArray("runs").length());
        assertTrue(json.isNull("camera") && json.isNull("draw"));
        File folder = new File(System.getProperty("mobilevos.out"));
        Files.write(new File(folder, "latency-record.json").toPath(), text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    public void anIncompleteRecordIsAnError() throws Exception {
        LatencyRecord noDevice = record(times());
        noDevice.device = null;
        expect("the record is incomplete", noDevice);
        expect("nothing was measured", record(new StageTimes(FRAMES)));
        StageTimes broken = times();
        broken.draw.add(Double.NaN);
        expect("cannot be written", record(broken));
    }

    private static void expect(String words, LatencyRecord record) {
        try {
            record.toJson();
            fail(words);
        } catch (InvalidInputException error) {
            assertTrue(error.getMessage(), error.getMessage().contains(words));
        }
    }
}
