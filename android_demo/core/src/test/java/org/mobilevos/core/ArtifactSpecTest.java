package org.mobilevos.core;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;
import static org.junit.Assert.fail;

import java.io.File;
import java.io.IOException;
import java.util.List;
import org.json.JSONArray;
import org.json.JSONObject;
import org.junit.Test;

/** The spec that Python's tests read, tests/fixtures/spec.json, says the same here. */
public class ArtifactSpecTest {
    private final String text = text();

    @Test
    public void everyTensorIsAsTheJsonSays() throws Exception {
        ArtifactSpec spec = ArtifactSpec.parse(text);
        JSONObject json = new JSONObject(text);
        assertEquals(json.getString("model"), spec.model);
        assertEquals(json.getInt("queue"), spec.queue);
        assertEquals(json.getInt("max_objects"), spec.maxObjects);
        assertEquals(json.getInt("height"), spec.height);
        assertEquals(json.getInt("width"), spec.width);
        assertEquals(json.getString("precision"), spec.precision);
        assertEquals(json.getJSONArray("pad_rgb").getInt(2), spec.border(2));
        assertEquals(json.getJSONArray("graphs").length(), spec.graphs.size());
        for (int index = 0; index < spec.graphs.size(); index++) {
            JSONObject graph = json.getJSONArray("graphs").getJSONObject(index);
            assertEquals(graph.getString("name"), spec.graphs.get(index).name);
            assertEquals(graph.getString("role"), spec.graphs.get(index).role.text());
            assertEquals(graph.getLong("macs"), spec.graphs.get(index).macs);
            compare(graph.getJSONArray("inputs"), spec.graphs.get(index).inputs);
            compare(graph.getJSONArray("outputs"), spec.graphs.get(index).outputs);
        }
    }

    @Test
    public void theSmallestGraphThatHasRoomIsTaken() {
        ArtifactSpec spec = ArtifactSpec.parse(text);
        assertEquals("segment_1", spec.graph(GraphSpec.Role.SEGMENT, 1).name);
        assertEquals("start_2", spec.graph(GraphSpec.Role.START, 2).name);
        try {
            spec.graph(GraphSpec.Role.MEMORIZE, 3);
            fail("there is none for three");
        } catch (ArtifactException expected) {
            assertEquals("the artifact of 'mobilenetv2-noaspp' has no graph 'memorize' for 3 objects",
                    expected.getMessage());
        }
    }

    @Test
    public void aSpecThatDoesNotHoldTogetherIsRefused() throws Exception {
        refused("a size is under 1", new JSONObject(text).put("queue", 0));
        refused("it follows 0 objects", new JSONObject(text).put("max_objects", 0));
        refused("pad_rgb has 2 numbers", new JSONObject(text).put("pad_rgb", new JSONArray("[1, 2]")));
        refused("'segment_1' has no input for some slots of its memory", without(1, "inputs", 4, 3, 2));
        refused("'frame' does not fit 'start_1'", new JSONObject(text).put("height", 479));
        refused("'frame' does not fit 'start_1'", changed(0, "inputs", 0, "shape", new JSONArray("[1, 480, 864]")));
        refused("'masks' does not fit 'start_1'", changed(0, "inputs", 1, "role", "valid"));
        refused("'start_1' has no masks", without(0, "inputs", 1));
        refused("'segment_1' has no probabilities", without(1, "outputs", 0));
        refused("'key' does not fit 'start_1'", changed(0, "outputs", 0, "entry", JSONObject.NULL));
        refused("'key' does not fit 'start_1'", changed(0, "outputs", 0, "shape", new JSONArray("[65536, 65536]")));
        refused("'key' does not fit 'start_1'", changed(0, "outputs", 0, "shape", new JSONArray("[1, -1, 65, 1620]")));
        refused("'start_1' does not give 'memory_key_0'", changed(0, "outputs", 0, "entry", "keys"));
        refused("'memory_key_0' does not fit 'segment_1'", changed(1, "inputs", 1, "slot", 2));
        refused("'memory_key_0' does not fit 'segment_1'", changed(1, "inputs", 1, "object_axis", 4));
        refused("'memory_key_1' does not fit the memory of 'segment_1'", changed(1, "inputs", 3, "object_axis",
                JSONObject.NULL));
        refused("'segment_1' does not give 'state_key'", changed(1, "outputs", 1, "name", "another"));
        refused("", changed(1, "outputs", 0, "role", "other"));
        refused("", new JSONObject(text).put("graphs", new JSONArray("[1]")));
    }

    @Test
    public void textBehindTheSpecIsRefused() {
        try {
            ArtifactSpec.parse(text + "{}");
            fail("there is more");
        } catch (ArtifactException expected) {
            assertEquals("the artifact's spec is not JSON (there is more behind its end); export it again",
                    expected.getMessage());
        }
    }

    private JSONObject changed(int graph, String side, int tensor, String field, Object value) throws Exception {
        JSONObject json = new JSONObject(text);
        json.getJSONArray("graphs").getJSONObject(graph).getJSONArray(side).getJSONObject(tensor).put(field, value);
        return json;
    }

    private JSONObject without(int graph, String side, int... tensors) throws Exception {
        JSONObject json = new JSONObject(text);
        for (int tensor : tensors) {
            json.getJSONArray("graphs").getJSONObject(graph).getJSONArray(side).remove(tensor);
        }
        return json;
    }

    private static void refused(String fault, JSONObject json) {
        try {
            ArtifactSpec.parse(json.toString());
        } catch (ArtifactException expected) {
            assertTrue(expected.getMessage(),
                    expected.getMessage().startsWith("the artifact's spec is incomplete (" + fault));
            return;
        }
        fail("taken, but " + fault);
    }

    private static void compare(JSONArray json, List<TensorSpec> tensors) throws Exception {
        assertEquals(json.length(), tensors.size());
        for (int index = 0; index < json.length(); index++) {
            JSONObject wanted = json.getJSONObject(index);
            TensorSpec tensor = tensors.get(index);
            assertEquals(wanted.getString("name"), tensor.name);
            assertEquals(wanted.getString("role").toUpperCase(), tensor.role.name());
            assertArrayEquals(Json.integers(wanted.getJSONArray("shape")), tensor.shape());
            if (wanted.isNull("entry")) {
                assertNull(tensor.entry);
            } else {
                assertEquals(wanted.getString("entry"), tensor.entry);
            }
            assertEquals(wanted.isNull("slot") ? TensorSpec.NONE : wanted.getInt("slot"), tensor.slot);
            assertEquals(wanted.isNull("object_axis") ? TensorSpec.NONE : wanted.getInt("object_axis"),
                    tensor.objectAxis);
        }
    }

    private static String text() {
        try {
            return Goldens.text(new File(System.getProperty("mobilevos.fixtures"), "spec.json"));
        } catch (IOException error) {
            throw new AssertionError(error);
        }
    }
}
