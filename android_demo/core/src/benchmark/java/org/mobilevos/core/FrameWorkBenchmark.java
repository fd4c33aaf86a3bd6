package org.mobilevos.core;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Date;
import java.util.Locale;
import java.util.Random;
import org.json.JSONException;
import org.json.JSONObject;

/**
 * How long a frame takes outside the model, on one thread: from a camera's YUV to RGB, to the model's size, from
 * probabilities to a mask, and to the picture with the mask drawn on it.
 */
public final class FrameWorkBenchmark {
    private static final int WIDTH = 1280;
    private static final int HEIGHT = 720;
    private static final int MODEL_WIDTH = 864;
    private static final int MODEL_HEIGHT = 480;
    private static final int[] IDS = {1};
    private static final String[] STAGES = {"yuv_to_rgb", "letterbox", "label", "overlay", "total"};
    private static final int WARM_UP = 300;
    private static final int PAUSE = 5;
    private static final int ROUNDS = 500;
    // Frames that differ, so that no round finds its branches predicted by the one before.
    private static final int FRAMES = 8;

    private final Fit fit = Fit.between(WIDTH, HEIGHT, MODEL_WIDTH, MODEL_HEIGHT);
    private final ByteBuffer[] y = new ByteBuffer[FRAMES];
    private final ByteBuffer[] uv = new ByteBuffer[FRAMES];
    private final ByteBuffer[] vu = new ByteBuffer[FRAMES];
    private final Tensor[] probabilities = new Tensor[FRAMES];
    private final YuvToRgb converter = new YuvToRgb(WIDTH, HEIGHT, 0);
    private final RgbImage frame = converter.newImage();
    private final FrameFitter fitter = new FrameFitter(124, 116, 104);
    private final Tensor input = new Tensor(1, MODEL_HEIGHT, MODEL_WIDTH, RgbImage.CHANNELS);
    private final Labels labels = new Labels();
    private final Mask mask = new Mask(WIDTH, HEIGHT);
    private final Overlay overlay = new Overlay(WIDTH, HEIGHT);
    private final RgbImage picture = converter.newImage();

    private FrameWorkBenchmark() {
        Random random = new Random(0);
        for (int index = 0; index < FRAMES; index++) {
            y[index] = noise(WIDTH * HEIGHT, random);
            // Interleaved, as most cameras have them: the planes are the same bytes, one later.
            uv[index] = noise(WIDTH * HEIGHT / 2, random);
            uv[index].position(1);
            vu[index] = uv[index].slice();
            uv[index].position(0);
            probabilities[index] = ellipse(0.35 + 0.04 * index);
        }
    }

    private static ByteBuffer noise(int size, Random random) {
        byte[] bytes = new byte[size];
        random.nextBytes(bytes);
        ByteBuffer buffer = ByteBuffer.allocateDirect(size);
        buffer.put(bytes);
        buffer.rewind();
        return buffer;
    }

    /** An object with soft borders, half as wide and as high as the frame. */
    private static Tensor ellipse(double centre) {
        Tensor tensor = new Tensor(1, MODEL_HEIGHT, MODEL_WIDTH, 1);
        for (int cell = 0; cell < tensor.size(); cell++) {
            double across = (cell % MODEL_WIDTH / (double) MODEL_WIDTH - centre) * 4;
            double down = (cell / MODEL_WIDTH / (double) MODEL_HEIGHT - 0.5) * 4;
            double distance = Math.sqrt(across * across + down * down);
            tensor.floats.put(cell, (float) (1 / (1 + Math.exp(30 * (distance - 1)))));
        }
        return tensor;
    }

    /** Runs one frame and notes the milliseconds of each stage and of all. */
    private void round(int index, Statistics[] stages) {
        int which = index % FRAMES;
        long begin = System.nanoTime();
        converter.convert(y[which], uv[which], vu[which], WIDTH, WIDTH, 2, frame);
        long converted = System.nanoTime();
        fitter.fitFrame(frame, fit, input);
        long fitted = System.nanoTime();
        labels.label(probabilities[which], IDS, 1, fit, mask);
        long labelled = System.nanoTime();
        overlay.blend(frame, mask, picture);
        long end = System.nanoTime();
        stages[0].add(Latency.between(begin, converted));
        stages[1].add(Latency.between(converted, fitted));
        stages[2].add(Latency.between(fitted, labelled));
        stages[3].add(Latency.between(labelled, end));
        stages[4].add(Latency.between(begin, end));
    }

    /** The milliseconds of each stage, and of all, in the last rounds. */
    private Statistics[] measure() throws InterruptedException {
        Statistics[] stages = new Statistics[STAGES.length];
        for (int stage = 0; stage < stages.length; stage++) {
            stages[stage] = new Statistics(ROUNDS);
        }
        for (int index = 0; index < WARM_UP; index++) {
            round(index, stages);
            // On one core with a fixed priority the compiler's threads get no other time.
            Thread.sleep(PAUSE);
        }
        for (int index = 0; index < ROUNDS; index++) {
            round(index, stages);
        }
        return stages;
    }

    private static String processor() throws IOException {
        File info = new File("/proc/cpuinfo");
        if (info.exists()) {
            for (String line : Files.readAllLines(info.toPath(), StandardCharsets.UTF_8)) {
                if (line.startsWith("model name")) {
                    return line.substring(line.indexOf(':') + 1).trim();
                }
            }
        }
        return System.getProperty("os.arch");
    }

    private static JSONObject result(String command, Statistics[] stages) throws JSONException, IOException {
        JSONObject milliseconds = new JSONObject();
        for (int stage = 0; stage < STAGES.length; stage++) {
            milliseconds.put(STAGES[stage], ResultJson.spread(stages[stage]));
        }
        return new JSONObject().put("format", "mobilevos-frame-work").put("format_version", 1)
                .put("command", command).put("date", ResultJson.date(new Date()))
                .put("processor", processor())
                .put("system", System.getProperty("os.name") + " " + System.getProperty("os.arch"))
                .put("java", System.getProperty("java.vm.name") + " " + System.getProperty("java.runtime.version"))
                .put("frame_width", WIDTH).put("frame_height", HEIGHT)
                .put("width", MODEL_WIDTH).put("height", MODEL_HEIGHT)
                .put("warmup", WARM_UP).put("stages", milliseconds);
    }

    /**
     * Measures, prints a table, and writes the numbers into a file; tools/benchmark_core.sh gives the command and the
     * file.
     */
    public static void main(String[] arguments) throws Exception {
        if (arguments.length != 2) {
            System.err.println("usage: java " + FrameWorkBenchmark.class.getName() + " COMMAND FILE.json");
            System.exit(2);
        }
        Statistics[] stages = new FrameWorkBenchmark().measure();
        for (int stage = 0; stage < STAGES.length; stage++) {
            System.out.printf(Locale.ROOT, "%-10s  median %6.3f ms  p5 %6.3f  p95 %6.3f%n", STAGES[stage],
                    stages[stage].percentile(0.5), stages[stage].percentile(0.05), stages[stage].percentile(0.95));
        }
        String json = result(arguments[0], stages).toString(1) + "\n";
        Files.write(new File(arguments[1]).toPath(), json.getBytes(StandardCharsets.UTF_8));
    }
}
