package org.mobilevos.core;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.text.SimpleDateFormat;
import java.util.Arrays;
import java.util.Date;
import java.util.Locale;
import java.util.Random;
import java.util.TimeZone;
import org.json.JSONArray;
import org.json.JSONException;
import org.json.JSONObject;

/**
 * How long a frame takes outside the model, on one thread: from a camera's YUV to RGB, to the model's size, from
 * probabilities to a mask, and to the picture with the mask drawn on it.
 *
 * <p>{@code java org.mobilevos.core.FrameWorkBenchmark [--json FILE]}
 */
public final class FrameWorkBenchmark {
    private static final int WIDTH = 1280;
    private static final int HEIGHT = 720;
    private static final int MODEL_WIDTH = 864;
    private static final int MODEL_HEIGHT = 480;
    private static final int[] IDS = {1};
    private static final String[] STAGES = {"yuv_to_rgb", "letterbox", "label", "overlay", "total"};
    private static final int TOTAL = STAGES.length - 1;
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
    private final FrameFitter fitter = new FrameFitter(fit);
    private final Tensor input = new Tensor(1, MODEL_HEIGHT, MODEL_WIDTH, RgbImage.CHANNELS);
    private final Labels labels = new Labels(fit);
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

    /** Runs one frame and writes the milliseconds of each stage and of all. */
    private void round(int index, double[] milliseconds) {
        int which = index % FRAMES;
        long begin = System.nanoTime();
        converter.convert(y[which], uv[which], vu[which], WIDTH, WIDTH, 2, frame);
        long converted = System.nanoTime();
        fitter.fitFrame(frame, input);
        long fitted = System.nanoTime();
        labels.label(probabilities[which], IDS, 1, mask);
        long labelled = System.nanoTime();
        overlay.blend(frame, mask, picture);
        long end = System.nanoTime();
        milliseconds[0] = Latency.between(begin, converted);
        milliseconds[1] = Latency.between(converted, fitted);
        milliseconds[2] = Latency.between(fitted, labelled);
        milliseconds[3] = Latency.between(labelled, end);
        milliseconds[TOTAL] = Latency.between(begin, end);
    }

    /** The milliseconds of each stage (and of all) in each round. */
    private double[][] measure() throws InterruptedException {
        double[] milliseconds = new double[STAGES.length];
        for (int index = 0; index < WARM_UP; index++) {
            round(index, milliseconds);
            // On one core with a fixed priority the compiler's threads get no other time.
            Thread.sleep(PAUSE);
        }
        double[][] samples = new double[STAGES.length][ROUNDS];
        for (int index = 0; index < ROUNDS; index++) {
            round(index, milliseconds);
            for (int stage = 0; stage < STAGES.length; stage++) {
                samples[stage][index] = milliseconds[stage];
            }
        }
        return samples;
    }

    private static JSONObject summary(double[] samples) throws JSONException {
        double[] sorted = samples.clone();
        Arrays.sort(sorted);
        return new JSONObject().put("median", percentile(sorted, 50)).put("p5", percentile(sorted, 5))
                .put("p95", percentile(sorted, 95)).put("count", sorted.length);
    }

    /** Between the two nearest samples, in microseconds' accuracy. */
    private static double percentile(double[] sorted, int percent) {
        double position = percent / 100.0 * (sorted.length - 1);
        int below = (int) position;
        int above = Math.min(below + 1, sorted.length - 1);
        double value = sorted[below] + (position - below) * (sorted[above] - sorted[below]);
        return Math.round(value * 1000) / 1000.0;
    }

    private static JSONObject origin(String[] arguments) throws JSONException, IOException {
        SimpleDateFormat date = new SimpleDateFormat("yyyy-MM-dd'T'HH:mm:ss'+00:00'", Locale.ROOT);
        date.setTimeZone(TimeZone.getTimeZone("UTC"));
        StringBuilder command = new StringBuilder("java ").append(FrameWorkBenchmark.class.getName());
        for (String argument : arguments) {
            command.append(' ').append(argument);
        }
        JSONObject machine = new JSONObject().put("processor", processor())
                .put("cores", Runtime.getRuntime().availableProcessors())
                .put("system", System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                        + System.getProperty("os.arch"))
                .put("java", System.getProperty("java.vm.name") + " " + System.getProperty("java.runtime.version"));
        return new JSONObject().put("command", command.toString()).put("date", date.format(new Date()))
                .put("machine", machine);
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

    /** Measures, prints a table, and writes the numbers where {@code --json FILE} says. */
    public static void main(String[] arguments) throws Exception {
        if (arguments.length != 0 && (arguments.length != 2 || !arguments[0].equals("--json"))) {
            System.err.println("usage: java org.mobilevos.core.FrameWorkBenchmark [--json FILE]");
            System.exit(2);
        }
        JSONObject origin = origin(arguments);
        double[][] samples = new FrameWorkBenchmark().measure();
        JSONArray stages = new JSONArray();
        System.out.println(origin.getJSONObject("machine"));
        for (int stage = 0; stage < STAGES.length; stage++) {
            JSONObject milliseconds = summary(samples[stage]);
            stages.put(new JSONObject().put("stage", STAGES[stage]).put("ms", milliseconds));
            System.out.printf(Locale.ROOT, "%-10s  median %6.3f ms  p5 %6.3f  p95 %6.3f%n", STAGES[stage],
                    milliseconds.getDouble("median"), milliseconds.getDouble("p5"), milliseconds.getDouble("p95"));
        }
        if (arguments.length == 2) {
            JSONObject json = new JSONObject().put("format", "mobilevos-android-core").put("format_version", 1)
                    .put("origin", origin).put("width", WIDTH).put("height", HEIGHT).put("stages", stages);
            Files.write(new File(arguments[1]).toPath(), (json.toString(1) + "\n").getBytes(StandardCharsets.UTF_8));
        }
    }
}
