package org.mobilevos.core;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.json.JSONArray;
import org.json.JSONException;
import org.json.JSONObject;

/** What the Python SDK makes of frames, masks and probabilities; tests/android/imaging_goldens.py writes it. */
final class ImagingGoldens {
    /** A region of frames of one size on one size of a model. */
    static final class Case {
        final String name;
        final Fit fit;
        final int[] ids;
        final int[] labelled;
        private final JSONObject json;

        private Case(JSONObject json) throws JSONException {
            this.json = json;
            name = json.getString("name");
            int[] frame = pair("frame");
            int[] model = pair("model");
            fit = Fit.between(frame[0], frame[1], model[0], model[1]);
            int[] region = Json.integers(json.getJSONArray("region"));
            fit.show(region[0], region[1], region[2], region[3]);
            ids = Json.integers(json.getJSONArray("ids"));
            labelled = Json.integers(json.getJSONArray("labelled"));
        }

        /** A (width, height) or (left, top) of the index. */
        int[] pair(String key) throws JSONException {
            return Json.integers(json.getJSONArray(key));
        }

        boolean rotated() throws JSONException {
            return json.getBoolean("rotated");
        }

        RgbImage image(String array) throws IOException {
            return new RgbImage(fit.frameWidth, fit.frameHeight, bytes(array));
        }

        Mask mask(String array) throws IOException {
            return new Mask(fit.frameWidth, fit.frameHeight, bytes(array));
        }

        byte[] bytes(String array) throws IOException {
            return ImagingGoldens.bytes(name + "." + array + ".bin");
        }

        float[] floats(String array) throws IOException {
            FloatBuffer buffer = ByteBuffer.wrap(bytes(array)).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
            float[] numbers = new float[buffer.remaining()];
            buffer.get(numbers);
            return numbers;
        }

        /** An array (1, H, W, channels) of the model's size. */
        Tensor tensor(String array, int channels) throws IOException {
            Tensor tensor = new Tensor(1, fit.modelHeight, fit.modelWidth, channels);
            tensor.floats.put(floats(array));
            tensor.floats.rewind();
            return tensor;
        }
    }

    private ImagingGoldens() {}

    /** All cases. */
    static List<Case> cases() throws IOException, JSONException {
        JSONArray array = index().getJSONArray("cases");
        List<Case> cases = new ArrayList<Case>();
        for (int position = 0; position < array.length(); position++) {
            cases.add(new Case(array.getJSONObject(position)));
        }
        assertTrue("no case in the goldens", !cases.isEmpty());
        return cases;
    }

    static JSONObject index() throws IOException, JSONException {
        return new JSONObject(Goldens.text(file("index.json")));
    }

    static byte[] bytes(String name) throws IOException {
        return Goldens.bytes(file(name));
    }

    private static File file(String name) {
        return new File(new File(Goldens.folder(), "imaging"), name);
    }

    /** Fails unless at least 99.99 % of the bytes are equal and none differs by more than some levels. */
    static void assertNearlyEqual(String message, byte[] expected, byte[] actual, int levels) {
        assertEquals(message, expected.length, actual.length);
        int different = 0;
        for (int index = 0; index < expected.length; index++) {
            int difference = Math.abs((expected[index] & 0xff) - (actual[index] & 0xff));
            assertTrue(message + ": " + difference + " levels apart at " + index, difference <= levels);
            different += difference == 0 ? 0 : 1;
        }
        assertTrue(message + ": " + different + " differ of " + expected.length, different <= expected.length * 1e-4);
    }
}
